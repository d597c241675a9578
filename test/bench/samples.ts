// Reduces many measurements to the median, because some take far too long on a busy machine.

/** @throws RangeError without any sample */
export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** Where the middle half of the samples lies. */
export function middleHalf(samples: readonly number[]): [low: number, high: number] {
  return [quantile(samples, 0.25), quantile(samples, 0.75)];
}

/** Each sample over the one that was taken beside it. */
export function ratios(samples: readonly number[], anchors: readonly number[]): number[] {
  return samples.map((sample, index) => sample / (anchors[index] ?? Number.NaN));
}

/** @throws RangeError without any sample */
export function quantile(samples: readonly number[], part: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const below = sorted[Math.floor(at)];
  const above = sorted[Math.ceil(at)];
  if (below === undefined || above === undefined) throw new RangeError('no samples: there is nothing to tell');
  return below + (above - below) * (at - Math.floor(at));
}
