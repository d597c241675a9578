// The program behind all stand-in commands: sends its call to the stand-in cluster, and executes the response.
// Plain JavaScript without packages, because it starts for every call and must be fast.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { constants, userInfo } from 'node:os';
import { text } from 'node:stream/consumers';

// The installed `demo` has this file in its bundle, and calls the function.
if (process.argv[1]?.endsWith('/test/stand-ins/slurm/stand-in-program.js')) void main();

async function main() {
  process.exitCode = await runStandInCommand(process.argv.slice(2));
}

/**
 * Runs one command, and returns its exit code. The cluster's answers are those of `commandAnswer` in wire.ts.
 * @param {readonly string[]} words the socket, the command, its exit code and its message without the cluster, and its arguments
 * @returns {Promise<number>}
 */
export async function runStandInCommand([
  socketPath = '',
  program = '',
  offlineExitCode = '',
  offlineWords = '',
  ...args
]) {
  const call = { socketPath, program, args, offlineExitCode, offlineWords };
  let answer = await ask(call, null);
  if (answer.kind === 'script-wanted') answer = await askWithScript(call, answer.file);
  if (answer.kind === 'run-tasks') {
    return Math.max(...(await Promise.all(answer.tasks.map(runTask))));
  }
  process.stdout.write(answer.stdout);
  process.stderr.write(answer.stderr);
  return answer.exitCode;
}

/** @typedef {{ socketPath: string, program: string, args: string[], offlineExitCode: string, offlineWords: string }} Call */

/**
 * @param {Call} call
 * @param {string | null} script
 */
function ask({ socketPath, program, args, offlineExitCode, offlineWords }, script) {
  const { user, uid } = whoCalls();
  // As sbatch.c, _set_umask_env: an existing variable takes precedence.
  const SLURM_UMASK = process.env['SLURM_UMASK'] ?? process.umask().toString(8).padStart(4, '0');
  const environment = { ...process.env, SLURM_UMASK };
  const call = { program, args, script, workDir: process.cwd(), user, uid, environment };
  return new Promise((resolve) => {
    const socket = createConnection({ path: socketPath, allowHalfOpen: true });
    let words = offlineWords;
    let received = '';
    const end = () => {
      const failed = { kind: 'done', exitCode: Number(offlineExitCode), stdout: '', stderr: `${words}\n` };
      resolve(received === '' ? failed : JSON.parse(received));
    };
    socket.setEncoding('utf8');
    // From here on the cluster may have executed the request, so the error must not say that it did not.
    socket.once('connect', () => {
      words = offlineWords.replace(/Unable to contact .*/, 'Zero Bytes were transmitted or received');
    });
    socket.on('data', (chunk) => (received += chunk));
    socket.once('error', end);
    socket.once('end', end);
    socket.end(JSON.stringify(call));
  });
}

/** The Unix user; tests without root name another one: `STAND_IN_USER=alice:2001`. */
function whoCalls() {
  const [, user, uid] = /^([^:]+):(\d+)$/.exec(process.env['STAND_IN_USER'] ?? '') ?? [];
  if (user !== undefined) return { user, uid: Number(uid) };
  const own = userInfo();
  return { user: own.username, uid: own.uid };
}

/**
 * @param {Call} call
 * @param {string | null} file null for standard input
 */
async function askWithScript(call, file) {
  try {
    return await ask(call, file === null ? await text(process.stdin) : readFileSync(file, 'utf8'));
  } catch {
    return { kind: 'done', exitCode: 1, stdout: '', stderr: `sbatch: error: Unable to open file ${file}\n` };
  }
}

/**
 * One task of a step; its output goes where ours goes.
 * @param {{ program: string, args: string[], environment: Record<string, string> }} task
 * @returns {Promise<number>}
 */
function runTask(task) {
  const child = spawn(task.program, task.args, { env: { ...process.env, ...task.environment }, stdio: 'inherit' });
  return new Promise((resolve) => {
    child.once('error', (error) => {
      process.stderr.write(`slurmstepd: error: execve(): ${task.program}: ${error.message}\n`);
      resolve(2);
    });
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}
