// Reports to systemd that the daemon serves, stops and is alive (sd_notify(3)), if systemd started it and asks for that.
import { stripToOneLine } from '../../base/terminal-text.ts';
import { limitBytes } from '../../base/truncate-text.ts';
import type { CommandResult, Transport } from '../../transport/transport.ts';
import type { Logger } from '../../log/logger.ts';
import type { HealthLine } from '../monitor/decide-readiness.ts';

export interface ServiceManager {
  /** Call it when the daemon begins to serve. */
  ready(): Promise<void>;
  /** Call it after each pass: another health is reported at once, and more with the next watchdog message. */
  passed(): void;
  stopping(): Promise<void>;
}

interface Around {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The processes to which WATCHDOG_PID may refer: a launcher may have started this one. */
  readonly pids: readonly number[];
  /** A daemon that makes no progress is not alive, although its process is. */
  readonly isLive: () => boolean;
  /** What `systemctl status` shows. */
  readonly health: () => HealthLine;
  /** Called only if messages are sent. */
  readonly here: () => Pick<Transport, 'run'>;
  readonly log: Pick<Logger, 'warn'>;
  readonly setInterval?: (work: () => void, ms: number) => { stop(): void };
}

/** Longer than its wait for systemd to read the message, 5 seconds. */
const TIMEOUT_MS = 15_000;

/** systemd ignores a message of more than 4,096 bytes, WATCHDOG=1 included (NOTIFY_BUFFER_MAX in src/core/manager.c). */
const MAX_STATUS_BYTES = 1_000;

/**
 * Node has no Unix datagram sockets, so that systemd's own program sends each message. Undefined if no service manager asks for messages.
 * The watchdog is served from the start: the daemon may wait for ClearML and Slurm for hours.
 */
export function createServiceManager(around: Around): ServiceManager | undefined {
  const { environment, isLive, health, log } = around;
  const socket = environment['NOTIFY_SOCKET'] ?? '';
  if (socket === '') return undefined;
  const everyMs = watchdogInterval(around);
  const here = around.here();
  let sending = Promise.resolve();
  let isWatchdogQueued = false;
  let hasWarned = false;
  let shownState: HealthLine['state'] | undefined;
  let isStopping = false;

  function statusMessage(): string {
    const { state, text } = health();
    shownState = state;
    return `STATUS=${limitBytes(stripToOneLine(text), MAX_STATUS_BYTES)}`;
  }

  /** One after the other, so that the last status is the one that systemd shows. */
  function send(...messages: string[]): Promise<void> {
    return (sending = sending.then(() => sendNow(messages)));
  }

  async function sendNow(messages: readonly string[]): Promise<void> {
    const command = {
      program: 'systemd-notify',
      args: messages,
      env: { NOTIFY_SOCKET: socket },
      timeoutMs: TIMEOUT_MS,
    };
    const problem = await here.run(command).then(problemOf, (error: unknown) => error);
    if (problem === undefined || hasWarned) return;
    hasWarned = true;
    log.warn('Cannot notify systemd; if WatchdogSec= is set, systemd will keep restarting the daemon', {
      err: problem,
    });
  }

  const watchdog =
    everyMs === undefined
      ? undefined
      : (around.setInterval ?? startInterval)(() => {
          if (isWatchdogQueued || !isLive()) return;
          isWatchdogQueued = true;
          void send('WATCHDOG=1', statusMessage()).finally(() => (isWatchdogQueued = false));
        }, everyMs);

  return {
    ready: () => send('READY=1'),
    passed() {
      if (!isStopping && health().state !== shownState) void send(statusMessage());
    },
    async stopping() {
      isStopping = true;
      watchdog?.stop();
      await send('STOPPING=1', 'STATUS=Stopped; jobs keep running.');
    },
  };
}

/** A quarter of the time after which systemd restarts the daemon, so that a lost message does no harm. */
function watchdogInterval({ environment, pids }: Around): number | undefined {
  const ms = Number(environment['WATCHDOG_USEC'] ?? '') / 1000;
  const pid = environment['WATCHDOG_PID'];
  const isForUs = pid === undefined || pids.includes(Number(pid));
  return isForUs && Number.isFinite(ms) && ms > 0 ? ms / 4 : undefined;
}

function startInterval(work: () => void, ms: number): { stop(): void } {
  const timer = setInterval(work, ms).unref();
  return { stop: () => clearInterval(timer) };
}

function problemOf({ exitCode, stderr }: CommandResult): Error | undefined {
  return exitCode === 0
    ? undefined
    : new Error(`systemd-notify failed with exit code ${exitCode ?? 'none'}: ${stderr.trim()}`);
}
