// What is away for a while: the server, the controller, valid tokens, room on the disk, or everybody. It comes back by the clock.

export const SPELLS = [
  'server away',
  'controller away',
  'tokens expired',
  'disk full',
  'gate cut off',
  'squeue complains',
] as const;
export type Spell = (typeof SPELLS)[number];

export interface Weather {
  isOn(spell: Spell): boolean;
  /** Begins it, or makes it longer. */
  begin(spell: Spell, forMs: number): void;
  /** When the next one is over. */
  nextEndAt(): number | undefined;
  /** When this one was over last; undefined if it never was on. */
  lastEndAt(spell: Spell): number | undefined;
  clear(): void;
  /** Since `from` everybody has slept, as when the machine was suspended: time went by in which nobody could see anything. */
  slept(from: number): void;
  /** The milliseconds since `from` in which somebody was awake. */
  awakeMsSince(from: number): number;
}

export function createWeather(now: () => number): Weather {
  const untils = new Map<Spell, number>();
  const sleeps: { readonly from: number; readonly to: number }[] = [];
  return {
    isOn: (spell) => (untils.get(spell) ?? 0) > now(),
    begin: (spell, forMs) => untils.set(spell, Math.max(untils.get(spell) ?? 0, now() + forMs)),
    nextEndAt: () => [...untils.values()].filter((at) => at > now()).sort((a, b) => a - b)[0],
    lastEndAt: (spell) => untils.get(spell),
    clear() {
      for (const [spell, until] of untils) untils.set(spell, Math.min(until, now()));
    },
    slept: (from) => sleeps.push({ from, to: now() }),
    awakeMsSince: (from) =>
      now() - from - sleeps.reduce((sum, sleep) => sum + Math.max(0, sleep.to - Math.max(from, sleep.from)), 0),
  };
}
