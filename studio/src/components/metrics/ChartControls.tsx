import {
  Dropdown,
  Label,
  makeStyles,
  mergeClasses,
  Option,
  Slider,
  Switch,
  tokens,
  useId,
} from "@fluentui/react-components";
import { useState } from "react";

import { SearchBox } from "../SearchBox";
import type { ChartSettings, XAxis } from "./plot_data";

const useStyles = makeStyles({
  bar: { display: "flex", flexWrap: "wrap", columnGap: "16px", rowGap: "8px", alignItems: "center", flexShrink: 0 },
  search: {
    flex: "1 1 180px",
    maxWidth: "320px",
    "@media (max-width: 767px)": { flex: "1 1 100%", maxWidth: "none" },
  },
  // On a narrow screen the axis and the scale share a line.
  last: { "@media (max-width: 767px)": { order: 1 } },
  field: { display: "flex", alignItems: "center", columnGap: "8px" },
  axis: { minWidth: "132px", width: "132px" },
  slider: { width: "120px" },
  number: { width: "32px", fontVariantNumeric: "tabular-nums", color: tokens.colorNeutralForeground3 },
});

const AXES: Record<XAxis, string> = { step: "Step", time: "Time", relative: "Relative time" };
const KEY = "zaffre.charts";

/** How charts are drawn, kept for the next visit. */
export function useChartSettings(): [ChartSettings, (settings: ChartSettings) => void] {
  const [settings, setSettings] = useState<ChartSettings>(() => {
    const standard: ChartSettings = { x: "step", smoothing: 0, log: false };
    try {
      return { ...standard, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<ChartSettings>) };
    } catch {
      return standard;
    }
  });
  const keep = (next: ChartSettings) => {
    setSettings(next);
    localStorage.setItem(KEY, JSON.stringify(next));
  };
  return [settings, keep];
}

interface Props {
  settings: ChartSettings;
  onSettings: (settings: ChartSettings) => void;
  search?: string;
  onSearch?: (text: string) => void;
}

export function ChartControls({ settings, onSettings, search, onSearch }: Props) {
  const styles = useStyles();
  const axis = useId("axis");
  const smoothing = useId("smoothing");
  return (
    <div className={styles.bar}>
      {onSearch ? (
        <SearchBox
          className={styles.search}
          label="Search metrics"
          placeholder="Search metrics"
          value={search ?? ""}
          onSearch={onSearch}
        />
      ) : null}
      <div className={styles.field}>
        <Label id={axis}>X axis</Label>
        <Dropdown
          aria-labelledby={axis}
          className={styles.axis}
          value={AXES[settings.x]}
          selectedOptions={[settings.x]}
          onOptionSelect={(_, data) => onSettings({ ...settings, x: (data.optionValue ?? "step") as XAxis })}
        >
          {Object.entries(AXES).map(([value, label]) => (
            <Option key={value} value={value}>
              {label}
            </Option>
          ))}
        </Dropdown>
      </div>
      <div className={mergeClasses(styles.field, styles.last)}>
        <Label htmlFor={smoothing}>Smoothing</Label>
        <Slider
          id={smoothing}
          className={styles.slider}
          min={0}
          max={99}
          value={Math.round(settings.smoothing * 100)}
          onChange={(_, data) => onSettings({ ...settings, smoothing: data.value / 100 })}
        />
        <span className={styles.number}>{settings.smoothing.toFixed(2)}</span>
      </div>
      <Switch
        label="Log scale"
        checked={settings.log}
        onChange={(_, data) => onSettings({ ...settings, log: data.checked })}
      />
    </div>
  );
}
