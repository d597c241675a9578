// Types that settings of several groups have.
import * as z from 'zod';
import type { Trusted } from '../path-uses.ts';

/** An absolute path on the cluster. @param trusted how the file or directory is used */
export function clusterPath(trusted: Trusted): z.ZodString {
  return z.string().regex(/^\//, 'must be an absolute path, as the cluster sees it: write no ~').meta({ trusted });
}

/** A path on this machine; may begin with `~`, or be relative to the file that sets it. */
export function localPath(trusted: Trusted): z.ZodString {
  return z.string().min(1, 'must not be empty').meta({ trusted });
}

export const nonEmptyText = z.string().min(1, 'must not be empty');

export function seconds(least: number): z.ZodNumber {
  return z.number().min(least, `must be at least ${least}`).max(1_000_000, 'must be a number of seconds below 1000000');
}
