// Files and pipes that lose their names as soon as they are open: what a kill can leave behind is empty, and never read.
import { closeSync, constants, ftruncateSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Transport } from './transport.ts';
import { randomToken } from './random-token.ts';

const MKFIFO_TIMEOUT_MS = 10_000;

/** What another process of ours opens anew, by a path that leads to one of its own descriptors. */
export function pathOfDescriptor(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

export interface UnlinkedFile {
  readonly fd: number;
  /** Puts the text in place of what was there. */
  readonly fill: (text: string) => void;
  readonly close: () => void;
}

export function openUnlinkedFile(folder: string): UnlinkedFile {
  const path = join(folder, `.clearml-agent-slurm-${randomToken()}`);
  const fd = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  let size = 0;
  return {
    fd,
    fill(text) {
      const bytes = Buffer.from(text);
      // Cutting a file waits for whatever the disk is syncing, so it is only done where something would be left.
      if (bytes.length < size) ftruncateSync(fd, bytes.length);
      size = bytes.length;
      for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at, at);
    },
    close: () => closeSync(fd),
  };
}

export interface UnlinkedPipe {
  readonly fd: number;
  /** What is written from now on; it ends when all that opened the pipe for writing have closed it. One at a time. */
  readonly read: () => Readable;
  readonly close: () => void;
}

/** Two of them. @param here has `mkfifo`, which Node has not */
export async function openUnlinkedPipes(here: Transport, folder: string): Promise<UnlinkedPipe[]> {
  const paths = Array.from({ length: 2 }, () => join(folder, `.clearml-agent-slurm-${randomToken()}`));
  const args = ['-m', '600', ...paths];
  const { exitCode, stderr } = await here.run({ program: 'mkfifo', args, timeoutMs: MKFIFO_TIMEOUT_MS });
  if (exitCode !== 0) throw new Error(`no pipe could be made in ${folder}: ${stderr.trim()}`);
  // Without O_NONBLOCK it would wait for a writer.
  const forReading = constants.O_RDONLY | constants.O_NONBLOCK;
  return paths.map((path) => {
    const fd = openSync(path, forReading);
    unlinkSync(path);
    return {
      fd,
      read: () => new Socket({ fd: openSync(pathOfDescriptor(fd), forReading), readable: true, writable: false }),
      close: () => closeSync(fd),
    };
  });
}
