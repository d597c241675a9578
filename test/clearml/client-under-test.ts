// Clients that retry after a moment, and say into a list what they would log.
import { systemClock, type Clock } from '../../src/base/clock.ts';
import type { ServerRateLimit } from '../../src/clearml/connection/server-rate-limit.ts';
import type { ClearmlClient } from '../../src/clearml/client.ts';
import { createClearmlClient } from '../../src/clearml/create-client.ts';
import { QueueIdShape, TaskIdShape, type QueueId, type TaskId } from '../../src/clearml/ids.ts';
import type { ConnectionSettings, Timeouts } from '../../src/clearml/connection/connection-settings.ts';
import type { LogData, Logger } from '../../src/log/logger.ts';
import { createSecrets } from '../../src/log/redact-secrets.ts';
import { TIMEOUT_MS } from '../support/wait-until.ts';

export const ACCESS_KEY = 'ACCESSKEYOFTESTS';
export const SECRET_KEY = 'secret-of-the-tests';

/** No test waits for the end of these times. */
const TIMEOUTS: Timeouts = { attemptMs: TIMEOUT_MS, retryMs: TIMEOUT_MS, firstBackoffMs: 5, maxBackoffMs: 20 };

export interface LoggedLine {
  readonly level: keyof Logger;
  readonly message: string;
  readonly data: LogData | undefined;
}

export interface MakeClient {
  readonly settings?: Partial<ConnectionSettings>;
  readonly timeouts?: Partial<Timeouts>;
  readonly clock?: Clock;
  readonly logged?: LoggedLine[];
  readonly rateLimit?: ServerRateLimit;
}

export function makeClient(apiServer: string, options: MakeClient = {}): ClearmlClient {
  const { settings, timeouts, clock = systemClock, logged = [], rateLimit } = options;
  return createClearmlClient({
    settings: { apiServer, accessKey: ACCESS_KEY, secretKey: SECRET_KEY, verifyCertificate: true, ...settings },
    clock,
    log: createListLogger(logged),
    secrets: createSecrets(),
    rateLimit,
    timeouts: { ...TIMEOUTS, ...timeouts },
  });
}

/** A clock that stands still until it is set. */
export function createSetClock(at: number): Clock & { set(at: number): void } {
  let now = at;
  return {
    now: () => now,
    sleep: () => Promise.resolve(),
    set(to) {
      now = to;
    },
  };
}

export function taskId(text: string): TaskId {
  return TaskIdShape.parse(text);
}

export function queueId(text: string): QueueId {
  return QueueIdShape.parse(text);
}

function createListLogger(logged: LoggedLine[]): Logger {
  const add =
    (level: keyof Logger) =>
    (message: string, data?: LogData): void => {
      logged.push({ level, message, data });
    };
  return { debug: add('debug'), info: add('info'), warn: add('warn'), error: add('error') };
}
