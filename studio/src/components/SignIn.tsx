import { Button, makeStyles, MessageBar, MessageBarBody, Text, tokens } from "@fluentui/react-components";

import { CodeBlock } from "./CodeBlock";
import { Mark } from "./Mark";
import { SignInForm } from "./SignInForm";

const useStyles = makeStyles({
  page: { display: "grid", placeItems: "center", minHeight: "100dvh", padding: "16px" },
  card: {
    display: "flex",
    flexDirection: "column",
    alignItems: "stretch",
    rowGap: "16px",
    width: "100%",
    maxWidth: "440px",
    padding: "32px",
    background: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusXLarge,
    boxShadow: tokens.shadow16,
    "@media (max-width: 479px)": { padding: "24px 16px" },
  },
  title: { margin: 0 },
  text: { color: tokens.colorNeutralForeground2 },
});

/** Shown when the server does not know this browser: a user's name and password, or how to get a link. */
export function SignIn({ spent }: { spent: boolean }) {
  const styles = useStyles();
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <Mark size={44} />
        <Text as="h1" size={600} weight="semibold" className={styles.title}>
          Sign in to Zaffre Studio
        </Text>
        {spent ? (
          <MessageBar intent="warning" layout="multiline">
            <MessageBarBody>That sign-in link was used already or is older than a minute.</MessageBarBody>
          </MessageBar>
        ) : null}
        <SignInForm />
        <Text className={styles.text}>
          Without a user: run this on the machine of the server and open the link that it prints. The link works once.
        </Text>
        <CodeBlock snippets={[{ title: "Terminal", code: "zaffre up" }]} />
        <Button onClick={() => window.location.reload()}>I am signed in: load again</Button>
      </div>
    </main>
  );
}
