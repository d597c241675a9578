// What ends with a signal: a controller that aborts with any of several ones, and a wait. On Node 20 `AbortSignal.any` leaks listeners (nodejs/node#54614).

/** Returns the function that removes the listeners; call it when the controller is no longer needed. */
export function abortWith(controller: AbortController, signals: readonly AbortSignal[]): () => void {
  const onAbort = (): void => controller.abort(signals.find((signal) => signal.aborted)?.reason);
  for (const signal of signals) signal.addEventListener('abort', onAbort, { once: true });
  if (signals.some((signal) => signal.aborted)) onAbort();
  return () => {
    for (const signal of signals) signal.removeEventListener('abort', onAbort);
  };
}

/** A signal that is aborted as soon as one of these is. It listens to them as long as they live. */
export function anyOf(...signals: readonly (AbortSignal | undefined)[]): AbortSignal {
  const controller = new AbortController();
  abortWith(
    controller,
    signals.filter((signal) => signal !== undefined),
  );
  return controller.signal;
}

/** The result, unless the signal aborts first. The work continues for other callers. */
export function orAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const giveUp = (): void =>
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason }));
    signal.addEventListener('abort', giveUp, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
