// Tracks outages of the server, the controller, tokens and the disk; each ends at a time.

export type Outage =
  'server away' | 'controller away' | 'tokens expired' | 'disk full' | 'gate cut off' | 'squeue complains';

export interface Outages {
  isOn(outage: Outage): boolean;
  /** Begins or extends the outage. */
  begin(outage: Outage, forMs: number): void;
  /** When the next outage ends. */
  nextEndAt(): number | undefined;
  /** When the outage last ended or will end; undefined if there was none. */
  lastEndAt(outage: Outage): number | undefined;
  /** Ends all of them now. */
  clear(): void;
  /** Records that from `from` until now nothing ran, as on a suspended machine. */
  suspended(from: number): void;
  /** The milliseconds since `from`, without suspensions. */
  awakeMsSince(from: number): number;
}

export function createOutages(now: () => number): Outages {
  const endTimes = new Map<Outage, number>();
  const suspensions: { readonly from: number; readonly to: number }[] = [];
  return {
    isOn: (outage) => (endTimes.get(outage) ?? 0) > now(),
    begin: (outage, forMs) => endTimes.set(outage, Math.max(endTimes.get(outage) ?? 0, now() + forMs)),
    nextEndAt: () => [...endTimes.values()].filter((at) => at > now()).sort((a, b) => a - b)[0],
    lastEndAt: (outage) => endTimes.get(outage),
    clear() {
      for (const [outage, until] of endTimes) endTimes.set(outage, Math.min(until, now()));
    },
    suspended: (from) => suspensions.push({ from, to: now() }),
    awakeMsSince: (from) =>
      now() - from - suspensions.reduce((sum, one) => sum + Math.max(0, one.to - Math.max(from, one.from)), 0),
  };
}
