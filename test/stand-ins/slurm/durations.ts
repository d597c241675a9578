// Parses and formats durations as Slurm does (sbatch(1), --time).

/** Milliseconds, or null for no limit; undefined for a text that is not a duration. */
export function readDuration(text: string): number | null | undefined {
  if (/^(unlimited|infinite|-1)$/i.test(text)) return null;
  const [, days, clock = ''] = /^(?:(\d+)-)?(\d+(?::\d+){0,2})$/.exec(text) ?? [];
  if (clock === '') return undefined;
  const [first = 0, second = 0, third = 0] = clock.split(':').map(Number);
  const parts = clock.split(':').length;
  let seconds: number;
  if (days !== undefined) seconds = first * 3600 + second * 60 + third;
  else if (parts === 3) seconds = first * 3600 + second * 60 + third;
  else seconds = first * 60 + second;
  return (Number(days ?? 0) * 86_400 + seconds) * 1000;
}

/** `2-03:04:05`, `03:04:05`, or `UNLIMITED`. */
export function formatDuration(ms: number | null): string {
  if (ms === null) return 'UNLIMITED';
  const seconds = Math.round(ms / 1000);
  const days = Math.floor(seconds / 86_400);
  const clock = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  const text = clock.map((part) => String(part).padStart(2, '0')).join(':');
  return days > 0 ? `${days}-${text}` : text;
}
