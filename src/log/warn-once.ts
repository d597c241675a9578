// Logs each warning once per process, even if the configuration and the templates are read again.
import type { Logger } from './logger.ts';

export type WarnOnce = (log: Logger, message: string, fields?: Readonly<Record<string, unknown>>) => void;

export function createWarnOnce(): WarnOnce {
  const told = new Set<string>();
  return (log, message, fields = {}) => {
    const key = JSON.stringify([message, fields]);
    if (told.has(key)) return;
    told.add(key);
    log.warn(message, fields);
  };
}
