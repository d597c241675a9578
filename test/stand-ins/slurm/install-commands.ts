// Writes the stand-in commands into a directory, as small scripts that start stand-in-program.js.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packagePath } from '../../../src/base/installation.ts';
import { quoteWord } from '../../../src/base/shell-word.ts';
import { unreachable } from './faults.ts';
import { STAND_IN_VERSION } from './settings.ts';
import { SOCKET_NAME, STAND_IN_COMMANDS, type CommandName } from './wire.ts';

/** Starts `runStandInCommand` of stand-in-program.js. */
const COMMAND = [process.execPath, packagePath('test/stand-ins/slurm/stand-in-program.js')];

const VERSION_LINE = `slurm ${STAND_IN_VERSION} (not Slurm: a stand-in from the sandbox of clearml-agent-slurm)`;

/**
 * @param folder to be put first on PATH
 * @param stateDir of the cluster that the commands talk to
 * @param program what the scripts start; by default stand-in-program.js
 */
export function installStandInCommands(folder: string, stateDir: string, program: readonly string[] = COMMAND): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const command of STAND_IN_COMMANDS) {
    const path = join(folder, command);
    writeFileSync(path, wrapper(command, stateDir, program));
    chmodSync(path, 0o755);
  }
}

function wrapper(command: CommandName, stateDir: string, program: readonly string[]): string {
  const { exitCode, stderr } = unreachable(command);
  const parts = [...program, join(stateDir, SOCKET_NAME), command, String(exitCode), stderr.trimEnd()];
  return [
    '#!/bin/sh',
    'case "$1" in',
    `  --version | -V) echo ${quoteWord(VERSION_LINE)}; exit 0 ;;`,
    'esac',
    `exec ${parts.map(quoteWord).join(' ')} "$@"`,
    '',
  ].join('\n');
}
