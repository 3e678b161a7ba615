import {
  Button,
  Dialog,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  makeStyles,
  Text,
  tokens,
  useRestoreFocusTarget,
} from "@fluentui/react-components";
import { ArrowDownload16Regular, Dismiss20Regular } from "@fluentui/react-icons";
import { useState } from "react";

const useStyles = makeStyles({
  frame: {
    display: "grid",
    placeItems: "center",
    height: "240px",
    width: "100%",
    padding: 0,
    border: "none",
    borderRadius: tokens.borderRadiusMedium,
    overflow: "hidden",
    cursor: "zoom-in",
    background: tokens.colorNeutralBackground3,
    ":focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  // Small images grow, as they are often a few pixels wide; their pixels stay sharp.
  image: { width: "100%", height: "100%", objectFit: "contain", imageRendering: "pixelated" },
  surface: { maxWidth: "min(1400px, 96vw)", width: "96vw" },
  whole: { width: "100%", height: "calc(100vh - 180px)", objectFit: "contain", imageRendering: "pixelated" },
  missing: { color: tokens.colorNeutralForeground3, cursor: "default" },
});

interface Props {
  url: string;
  download: string;
  name: string;
}

/** An image that opens in full size. */
export function Picture({ url, download, name }: Props) {
  const styles = useStyles();
  const [open, setOpen] = useState(false);
  const [failed, setFailed] = useState<string | null>(null);
  const returning = useRestoreFocusTarget();
  if (failed === url) {
    return (
      <div className={styles.frame} style={{ cursor: "default" }}>
        <Text className={styles.missing}>This image could not be shown.</Text>
      </div>
    );
  }
  return (
    <>
      <button
        {...returning}
        type="button"
        className={styles.frame}
        aria-label={`Enlarge ${name}`}
        onClick={() => setOpen(true)}
      >
        <img className={styles.image} src={url} alt={name} loading="lazy" onError={() => setFailed(url)} />
      </button>
      <Dialog open={open} onOpenChange={(_, data) => setOpen(data.open)}>
        <DialogSurface className={styles.surface}>
          <DialogBody>
            <DialogTitle
              action={
                <>
                  <Button as="a" appearance="subtle" href={download} download="" icon={<ArrowDownload16Regular />}>
                    Download
                  </Button>
                  <Button
                    appearance="subtle"
                    aria-label="Close"
                    icon={<Dismiss20Regular />}
                    onClick={() => setOpen(false)}
                  />
                </>
              }
            >
              {name}
            </DialogTitle>
            <DialogContent>
              <img className={styles.whole} src={url} alt={name} />
            </DialogContent>
          </DialogBody>
        </DialogSurface>
      </Dialog>
    </>
  );
}
