// Runs a program; its output is either shown or returned.
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** @typedef {{ missing: string[], says: string }} InstallResult a message for each missing program, and what was done */

/**
 * Runs it to its end, with nothing to read.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, isShown?: boolean }} [how] `isShown` writes its output to ours instead of keeping it
 * @returns {Promise<{ exitCode: number, output: string }>} exit code 127 when there is no such program
 */
export function runCommand(program, args, how = {}) {
  const { env = process.env, isShown = false } = how;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      env,
      stdio: isShown ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => (output += text));
    child.stderr?.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('error', (error) => resolve({ exitCode: 127, output: `${program}: ${error.message}` }));
    child.on('close', (exitCode) => resolve({ exitCode: exitCode ?? 128, output }));
  });
}

/**
 * Whether the program is found on PATH or where Debian keeps its daemons.
 * @param {string} program
 */
export function hasProgram(program) {
  return [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'].some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Its last lines, for a sentence about why it failed.
 * @param {string} output
 */
export function lastLines(output, count = 5) {
  return output.trimEnd().split('\n').slice(-count).join('\n');
}
