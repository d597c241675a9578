// One controller that is aborted with any of several signals, and leaves nothing on those that live on: on Node 20 `AbortSignal.any` does.

/** @returns what undoes it; to be called when the controller is no longer needed */
export function abortWith(controller: AbortController, signals: readonly AbortSignal[]): () => void {
  const onAbort = (): void => controller.abort(signals.find((signal) => signal.aborted)?.reason);
  for (const signal of signals) signal.addEventListener('abort', onAbort, { once: true });
  if (signals.some((signal) => signal.aborted)) onAbort();
  return () => {
    for (const signal of signals) signal.removeEventListener('abort', onAbort);
  };
}
