import {
  createDarkTheme,
  createLightTheme,
  FluentProvider,
  type BrandVariants,
  type Theme,
} from "@fluentui/react-components";
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";

/** Cobalt, from ink to frost. */
const zaffre: BrandVariants = {
  10: "#03051c",
  20: "#070c32",
  30: "#0d164c",
  40: "#131e63",
  50: "#19277c",
  60: "#1f3095",
  70: "#2439af",
  80: "#2943ca",
  90: "#3a5bd4",
  100: "#4f73de",
  110: "#6488e7",
  120: "#799bef",
  130: "#8eaef6",
  140: "#a4c0fd",
  150: "#c0d4ff",
  160: "#dde8ff",
};

const light: Theme = createLightTheme(zaffre);
const dark: Theme = {
  ...createDarkTheme(zaffre),
  colorBrandForeground1: zaffre[120],
  colorBrandForeground2: zaffre[130],
  colorBrandForegroundLink: zaffre[130],
  colorBrandForegroundLinkHover: zaffre[140],
  colorBrandForegroundLinkPressed: zaffre[120],
  colorCompoundBrandForeground1: zaffre[130],
  colorCompoundBrandForeground1Hover: zaffre[140],
  colorBrandStroke1: zaffre[120],
  colorBrandStroke2Contrast: "#37437a",
  colorCompoundBrandStroke: zaffre[120],
  colorCompoundBrandBackground: zaffre[120],
  colorNeutralForeground2BrandHover: zaffre[130],
  colorNeutralForeground2BrandSelected: zaffre[130],
};

export type ThemeChoice = "system" | "light" | "dark";

interface ThemeState {
  choice: ThemeChoice;
  isDark: boolean;
  choose: (choice: ThemeChoice) => void;
}

const ThemeContext = createContext<ThemeState>({ choice: "system", isDark: false, choose: () => undefined });

// The key must agree with public/studio/first_paint.js.
const KEY = "zaffre.theme";

function storedChoice(): ThemeChoice {
  const stored = localStorage.getItem(KEY);
  return stored === "light" || stored === "dark" ? stored : "system";
}

export function useTheme(): ThemeState {
  return useContext(ThemeContext);
}

export function ThemeProvider({ children }: { children: ReactNode }) {
  const [choice, setChoice] = useState<ThemeChoice>(storedChoice);
  const systemDark = useSystemDark();
  const isDark = choice === "dark" || (choice === "system" && systemDark);

  useEffect(() => {
    document.documentElement.dataset["theme"] = isDark ? "dark" : "light";
  }, [isDark]);

  const choose = useCallback((next: ThemeChoice) => {
    setChoice(next);
    if (next === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
  }, []);

  const state = useMemo(() => ({ choice, isDark, choose }), [choice, isDark, choose]);
  return (
    <ThemeContext.Provider value={state}>
      <FluentProvider theme={isDark ? dark : light} style={{ height: "100%", background: "transparent" }}>
        {children}
      </FluentProvider>
    </ThemeContext.Provider>
  );
}

function useSystemDark(): boolean {
  const query = useMemo(() => window.matchMedia("(prefers-color-scheme: dark)"), []);
  const [matches, setMatches] = useState(query.matches);
  useEffect(() => {
    const follow = () => setMatches(query.matches);
    query.addEventListener("change", follow);
    return () => query.removeEventListener("change", follow);
  }, [query]);
  return matches;
}
