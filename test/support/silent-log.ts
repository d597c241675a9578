// A log that discards all messages.
import type { Logger } from '../../src/log/logger.ts';

const nothing = (): void => undefined;
export const silentLog: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
