// Takes the place of the timers that come again, so that a test decides when time passes for a keepalive.

export interface HeldIntervals {
  /** Runs each of them once. */
  passOnce(): void;
  /** Gives setInterval back. */
  release(): void;
}

/** Holds all intervals that are set from now on. */
export function holdIntervals(): HeldIntervals {
  const { setInterval, clearInterval } = globalThis;
  const held = new Set<() => void>();
  globalThis.setInterval = ((act: () => void) => {
    held.add(act);
    return act;
  }) as unknown as typeof setInterval;
  globalThis.clearInterval = (timer) => {
    held.delete(timer as unknown as () => void);
  };
  return {
    passOnce() {
      for (const act of [...held]) act();
    },
    release() {
      Object.assign(globalThis, { setInterval, clearInterval });
    },
  };
}
