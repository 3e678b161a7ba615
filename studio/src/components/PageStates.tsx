import { Button, makeStyles, Spinner } from "@fluentui/react-components";
import { ArrowLeft20Regular, CompassNorthwestRegular } from "@fluentui/react-icons";
import { useRouter } from "@tanstack/react-router";

import { AppLink } from "./AppLink";
import { EmptyState, ErrorState } from "./States";

const useStyles = makeStyles({
  center: { display: "grid", placeItems: "center", height: "100%", minHeight: "240px" },
  padded: { padding: "24px" },
});

export function LoadingPage() {
  const styles = useStyles();
  return (
    <div className={styles.center}>
      <Spinner size="small" label="Loading" delay={200} />
    </div>
  );
}

export function NotFoundPage() {
  return (
    <EmptyState
      icon={<CompassNorthwestRegular />}
      title="There is no such page"
      hint="The address leads nowhere in this Studio. It may have been cut when it was copied."
    >
      <AppLink to="/">Go to the workspace</AppLink>
    </EmptyState>
  );
}

export function CrashPage({ error }: { error: unknown }) {
  const styles = useStyles();
  const router = useRouter();
  return (
    <div className={styles.padded}>
      <ErrorState error={error} what="This page could not be shown." retry={() => void router.invalidate()} />
      <Button icon={<ArrowLeft20Regular />} appearance="subtle" onClick={() => router.history.back()}>
        Back
      </Button>
    </div>
  );
}
