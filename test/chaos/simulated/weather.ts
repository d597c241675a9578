// What is away for a while: the server, the controller, valid tokens, room on the disk. It comes back by the clock.

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
}

export function createWeather(now: () => number): Weather {
  const untils = new Map<Spell, number>();
  return {
    isOn: (spell) => (untils.get(spell) ?? 0) > now(),
    begin: (spell, forMs) => untils.set(spell, Math.max(untils.get(spell) ?? 0, now() + forMs)),
    nextEndAt: () => [...untils.values()].filter((at) => at > now()).sort((a, b) => a - b)[0],
    lastEndAt: (spell) => untils.get(spell),
    clear() {
      for (const [spell, until] of untils) untils.set(spell, Math.min(until, now()));
    },
  };
}
