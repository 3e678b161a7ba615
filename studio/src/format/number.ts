const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** "1,234,567". */
export function count(value: number): string {
  return grouped.format(value);
}

/** "1 run", "3 runs". */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A metric's value in at most six significant digits: "0.912345", "1.2e-7", "12,345", "NaN". */
export function metric(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e15) return grouped.format(value).replace("-", "−");
  if (size < 1e-4 || size >= 1e9) return trim(value.toExponential(4)).replace("-", "−");
  return trim(value.toPrecision(6)).replace("-", "−");
}

function trim(text: string): string {
  const [mantissa = "", exponent] = text.split("e");
  const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
  return exponent === undefined ? short : `${short}e${exponent.replace("+", "")}`;
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** "0 B", "1.5 KiB", "300 MiB". */
export function bytes(size: number): string {
  let value = size;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const text = unit === 0 || value >= 100 ? Math.round(value).toString() : value.toFixed(1).replace(/\.0$/, "");
  return `${text} ${UNITS[unit] ?? ""}`;
}
