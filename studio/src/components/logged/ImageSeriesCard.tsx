import { makeStyles, Slider, tokens } from "@fluentui/react-components";
import { useState } from "react";

import { artifactUrl } from "../../api/artifacts";
import type { ImageSeries } from "../../format/logged_files";
import { count, counted } from "../../format/number";
import { Card } from "../Card";
import { RelativeTime } from "../RelativeTime";
import { Picture } from "./Picture";

const useStyles = makeStyles({
  controls: { display: "flex", alignItems: "center", columnGap: "12px", minWidth: 0 },
  slider: { flex: "1 1 auto", minWidth: 0 },
  facts: {
    display: "flex",
    justifyContent: "space-between",
    flexWrap: "wrap",
    columnGap: "12px",
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
    fontVariantNumeric: "tabular-nums",
  },
});

interface Props {
  ws: string;
  run: string;
  series: ImageSeries;
}

/** The images that were logged under one key; the slider goes through the steps. The newest is shown first. */
export function ImageSeriesCard({ ws, run, series }: Props) {
  const styles = useStyles();
  const { key, images } = series;
  const [chosen, setChosen] = useState<string | null>(null);
  // Chosen by path: a live run goes on logging, and what one looks at stays.
  const known = images.findIndex(({ path }) => path === chosen);
  const at = known >= 0 ? known : images.length - 1;
  const image = images[at];
  if (!image) return null;
  return (
    <Card title={key}>
      <Picture
        url={artifactUrl(ws, run, image.path, true)}
        download={artifactUrl(ws, run, image.path)}
        name={`${key} at step ${count(image.step)}`}
      />
      {images.length > 1 ? (
        <div className={styles.controls}>
          <Slider
            className={styles.slider}
            aria-label={`Step of ${key}`}
            aria-valuetext={`Step ${count(image.step)}`}
            min={0}
            max={images.length - 1}
            value={at}
            onChange={(_, data) => setChosen(images[data.value]?.path ?? null)}
          />
        </div>
      ) : null}
      <div className={styles.facts}>
        <span>
          Step {count(image.step)}
          {images.length > 1 ? ` · ${at + 1} of ${counted(images.length, "image")}` : ""}
        </span>
        <RelativeTime at={image.timestamp} />
      </div>
    </Card>
  );
}
