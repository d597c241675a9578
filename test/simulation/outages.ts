// What is away for a while: the server, the controller, valid tokens, room on the disk, or everybody. It comes back by the clock.

export const OUTAGES = [
  'server away',
  'controller away',
  'tokens expired',
  'disk full',
  'gate cut off',
  'squeue complains',
] as const;
export type Outage = (typeof OUTAGES)[number];

export interface Outages {
  isOn(spell: Outage): boolean;
  /** Begins it, or makes it longer. */
  begin(spell: Outage, forMs: number): void;
  /** When the next one is over. */
  nextEndAt(): number | undefined;
  /** When this one was over last; undefined if it never was on. */
  lastEndAt(spell: Outage): number | undefined;
  clear(): void;
  /** Since `from` everybody has slept, as when the machine was suspended: time went by in which nobody could see anything. */
  suspended(from: number): void;
  /** The milliseconds since `from` in which somebody was awake. */
  awakeMsSince(from: number): number;
}

export function createOutages(now: () => number): Outages {
  const untils = new Map<Outage, number>();
  const sleeps: { readonly from: number; readonly to: number }[] = [];
  return {
    isOn: (spell) => (untils.get(spell) ?? 0) > now(),
    begin: (spell, forMs) => untils.set(spell, Math.max(untils.get(spell) ?? 0, now() + forMs)),
    nextEndAt: () => [...untils.values()].filter((at) => at > now()).sort((a, b) => a - b)[0],
    lastEndAt: (spell) => untils.get(spell),
    clear() {
      for (const [spell, until] of untils) untils.set(spell, Math.min(until, now()));
    },
    suspended: (from) => sleeps.push({ from, to: now() }),
    awakeMsSince: (from) =>
      now() - from - sleeps.reduce((sum, sleep) => sum + Math.max(0, sleep.to - Math.max(from, sleep.from)), 0),
  };
}
