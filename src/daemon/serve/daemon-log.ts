// Locates and rotates the log file of a daemon in the background.
import { dirname, join } from 'node:path';
import type { ClusterSettings } from '../../config/cluster-settings.ts';
import type { Logger } from '../../log/logger.ts';
import { rotateLog, writesTo } from '../../log/rotate-log.ts';

/** A busy daemon writes 10 MB in some weeks. */
const ROTATION = { maxBytes: 10_000_000, keep: 3 };
const CHECK_INTERVAL_MS = 60_000;
const STDERR = 2;

/** Returns the path in the state directory, or in the parent of the state directories if the clusters have names. */
export function daemonLogFile([cluster]: readonly ClusterSettings[]): string {
  if (cluster === undefined) throw new RangeError('there is at least one cluster');
  return join(cluster.name === undefined ? cluster.stateDir : dirname(cluster.stateDir), 'daemon.log');
}

/** Rotates the log if it is too long. @throws the file system's error */
export function rotateDaemonLog(file: string): void {
  rotateLog(file, ROTATION);
}

/** Rotates the log regularly until the returned function is called. Does nothing if standard error is not this file. */
export function rotateDaemonLogRegularly(file: string, log: () => Logger | undefined): () => void {
  if (!writesTo(STDERR, file)) return () => undefined;
  const timer = setInterval(() => {
    try {
      rotateLog(file, ROTATION);
    } catch (error) {
      log()?.warn('Cannot rotate the log file, so it keeps growing', { file, err: error });
    }
  }, CHECK_INTERVAL_MS).unref();
  return () => clearInterval(timer);
}
