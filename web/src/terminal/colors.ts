/** The terminal's colours, readable (at least 4.5:1) on its background in light and dark. */
import type { ITheme } from "@xterm/xterm";

const DARK: ITheme = {
  background: "#0d1b26",
  foreground: "#dbe6ea",
  cursor: "#ff9d66",
  cursorAccent: "#0d1b26",
  selectionBackground: "#2c5a72",
  black: "#7b8c97",
  red: "#ff8a80",
  green: "#7fd6a2",
  yellow: "#f0c674",
  blue: "#84b6ff",
  magenta: "#d9a2ff",
  cyan: "#6fd6d8",
  white: "#dbe6ea",
  brightBlack: "#8fa2ad",
  brightRed: "#ffaba3",
  brightGreen: "#a4e8be",
  brightYellow: "#ffdf9e",
  brightBlue: "#aecdff",
  brightMagenta: "#e8c4ff",
  brightCyan: "#9feaea",
  brightWhite: "#ffffff",
};

const LIGHT: ITheme = {
  background: "#fbfaf6",
  foreground: "#1b2b36",
  cursor: "#b8430d",
  cursorAccent: "#fbfaf6",
  selectionBackground: "#bcd9e4",
  black: "#1b2b36",
  red: "#b3261e",
  green: "#1c6b3d",
  yellow: "#7a5600",
  blue: "#1b57b5",
  magenta: "#8328a8",
  cyan: "#0b6870",
  white: "#5b6a74",
  brightBlack: "#56656f",
  brightRed: "#c2362c",
  brightGreen: "#227848",
  brightYellow: "#856000",
  brightBlue: "#2763c4",
  brightMagenta: "#9034b6",
  brightCyan: "#10737b",
  brightWhite: "#3c4b55",
};

export function colors(dark: boolean): ITheme {
  return dark ? DARK : LIGHT;
}
