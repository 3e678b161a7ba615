/**
 * Exponential moving average, debiased so that the first points are not pulled to zero. `weight` 0 leaves the values as
 * they are; NaN and infinities are passed by.
 */
export function smooth(values: readonly number[], weight: number): number[] {
  if (weight <= 0) return [...values];
  let last = 0;
  let count = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    last = last * weight + (1 - weight) * value;
    count += 1;
    return last / (1 - Math.pow(weight, count));
  });
}
