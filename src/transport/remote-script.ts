// Writes a command as a script for a remote shell's standard input, which runs completely or not at all.
import { quoteWord } from '../base/shell-word.ts';
import { MARKS } from './output-frame.ts';
import { type Command, UTF8_LOCALE } from './transport.ts';

/** How programs start on the remote host. HOME and the user are those of the login. */
export interface RemoteContext {
  /** Searched before the PATH of the login. */
  readonly binDir?: string;
  /** Where programs start; default: the login's home. */
  readonly workingDirectory?: string;
  /** Further variables for every program, such as SLURM_CONF. No other variable of the login is passed on. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Exit code of a shell that received a truncated script and ran nothing of it. */
export const TRUNCATED_SCRIPT_EXIT_CODE = 98;

/** The remote deadline is this much later than ours: it only kills what a broken connection left behind. */
const REMOTE_DEADLINE_AFTER_MS = 1_000;
/** Between SIGTERM and SIGKILL for the program, and between SIGKILL and the end of the session. */
const KILL_GRACE_PERIOD_SEC = 2;

/**
 * A loop that runs one script after another: a line with the token and the script's length in bytes, then the script. It runs only a
 * script that starts with the token, has that length and ends with the token. It has no quote, backslash, exclamation mark or newline,
 * so that any login shell takes it as one word.
 */
const TAKE_SCRIPTS = [
  // Reads exactly so many bytes. Only GNU's fullblock does so in one call, and not every system has it.
  'f=iflag=fullblock; dd count=0 $f < /dev/null > /dev/null 2>&1 || f=',
  'while read -r k n',
  `do test "$k" = "$1" || exit ${TRUNCATED_SCRIPT_EXIT_CODE}`,
  // A substitution of a single command needs no extra process.
  'if test "$f"; then s=$(dd bs="$n" count=1 $f 2> /dev/null); else s=$(dd bs=1 count="$n" 2> /dev/null); fi',
  `case $s in *"#end $1") eval "$s" ;; *) exit ${TRUNCATED_SCRIPT_EXIT_CODE} ;; esac`,
  'done',
  `test -z "$k" || exit ${TRUNCATED_SCRIPT_EXIT_CODE}`,
].join('; ');

/** A shell without the rest of the login's environment can start programs without `env -i`. */
const IN_CLEAN_ENVIRONMENT = [
  'exec env -i "PATH=$PATH" "HOME=$HOME" "USER=${USER-}" "LOGNAME=${LOGNAME-${USER-}}"',
  '/bin/sh -c "$2" sh "$1"',
].join(' ');

/** Sets $p to the absolute elements of $1, a PATH. Other users may be able to write to any other element. */
const ABSOLUTE_PATH = [
  'absolute_path() {',
  '  IFS=:; set -f; p=',
  '  for d in $1; do case $d in /*) p=${p:+$p:}$d ;; esac; done',
  '  unset IFS; set +f',
  '}',
];

/** Sets $found to the program's path; false if it is not on $p. Restores IFS for the loop that reads lines. */
const FIND_PROGRAM = [
  ...ABSOLUTE_PATH,
  'find_program() {',
  '  case $1 in */*) found=$1; test -f "$1" && test -x "$1"; return ;; esac',
  '  IFS=:; set -f; found=',
  '  for d in $p; do test -f "$d/$1" && test -x "$d/$1" && found=$d/$1 && break; done',
  '  unset IFS; set +f',
  '  test -n "$found"',
  '}',
].join('\n');

/** For a line of errors that does not end. Shells need less than a tenth, but a site may preload large libraries. */
const COPY_MAX_KB = 524_288;

/**
 * Copies like cat(1), which it starts only after a line of the program: most commands print no error, and a process that starts a program
 * costs four times as much as one that does not.
 */
function copyFunction(nonce: string): string {
  return [
    'copy() {',
    `  ulimit -v ${COPY_MAX_KB} 2> /dev/null`,
    `  while IFS= read -r l; do printf '%s\\n' "$l"; case $l in '[${nonce} '*) ;; *) exec cat ;; esac; done`,
    '  printf %s "$l"',
    '}',
  ].join('\n');
}

/**
 * The command for the login shell. It contains no data of a user.
 * @param shellToken random letters and digits, new for each session
 */
export function remoteCommand(shellToken: string): string {
  return `/bin/sh -c '${IN_CLEAN_ENVIRONMENT}' sh ${shellToken} '${TAKE_SCRIPTS}'`;
}

/** The script as the loop reads it from standard input. */
export function scriptBlock(script: string, shellToken: string): string {
  const whole = `${script}\n#end ${shellToken}`;
  return `${shellToken} ${Buffer.byteLength(whole)}\n${whole}`;
}

/**
 * One command as a script for POSIX sh (dash, bash, busybox), with marks around its output.
 * @param nonce random letters and digits, new for each command, never in an argument that `ps` shows
 */
export function remoteScript(command: Command, context: RemoteContext, nonce: string): string {
  const { program, args } = command;
  const variables = { ...UTF8_LOCALE, ...context.variables, ...command.env };
  const start = `PATH=$p ${cleanEnvironmentArgs(args, variables, ['$limit'])}`;
  const folder = quoteWord(context.workingDirectory ?? '.');
  const seconds = Math.ceil((command.timeoutMs + REMOTE_DEADLINE_AFTER_MS) / 1000);
  return [
    `mark() { printf '[%s %s]\\n' ${nonce} "$1"; printf '[%s %s]\\n' ${nonce} "$1" >&2; }`,
    copyFunction(nonce),
    FIND_PROGRAM,
    // A program that outlives its caller would hold its session, and sshd limits sessions.
    'absolute_path "$PATH"; limit= limit_of_session=',
    `if find_program timeout; then limit="$found -k ${KILL_GRACE_PERIOD_SEC} ${seconds}"; limit_of_session="$found ${seconds + 2 * KILL_GRACE_PERIOD_SEC}"; fi`,
    ...(context.binDir === undefined ? [] : [`p=${quoteWord(context.binDir)}:$p`]),
    `mark ${MARKS.begin}`,
    `if ! cd -- ${folder} 2> /dev/null; then printf %s ${folder}; mark ${MARKS.noFolder}`,
    `elif ! find_program ${quoteWord(program)}; then printf %s "$p"; mark ${MARKS.noProgram}`,
    'else',
    `  ${UNSET_OWN_VARIABLES}`,
    // The program has its own pipes, so that a child that outlives it cannot print into the output of the next command.
    `  { { { ${printed(command.stdin ?? '')} 2> /dev/null | ${start}`,
    `        mark "${MARKS.exit} $?"; } 2>&1 >&6 6>&- 7>&- 8>&- | copy >&8 6>&- 7>&- 8>&-`,
    // Processes that hold the pipes may run as another user, or in a group of their own: without them, the session ends with its shell.
    '    } 6>&1 | { $limit_of_session cat >&7 7>&- 8>&-; test $? -lt 124 || kill -9 0; }',
    '  } 7>&1 8>&2',
    `  mark ${MARKS.end}`,
    'fi',
  ].join('\n');
}

/** A command that prints the text byte by byte. Only printf's escapes can hold a NUL. */
function printed(text: string): string {
  if (!text.includes('\0')) return `printf %s ${quoteWord(text)}`;
  return `printf %b ${quoteWord(text.replaceAll('\\', '\\\\').replaceAll('\0', '\\0000'))}`;
}

/** The shell would export these to every program. Run it after `cd`, which sets them again. */
const UNSET_OWN_VARIABLES = 'unset PWD OLDPWD SHLVL';

/** bash also exports `_`. env(1) would take a path with an equals sign for a variable, so other shells do without it. */
const WITHOUT_UNNAMED = '${BASH_VERSION+/usr/bin/env -u _}';

/**
 * The words that start the program in `$found`. The shell itself must nothing but what every program may have.
 * @param limit words in front of the program that bound it, such as those of timeout(1)
 * @throws Error when a variable's name is none that a shell knows: it would be code
 */
function cleanEnvironmentArgs(
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
  limit: readonly string[] = [],
): string {
  const named = Object.entries(variables).map(([name, value]) => assignment(name, value));
  return [...named, WITHOUT_UNNAMED, ...limit, '"$found"', ...args.map(quoteWord)].join(' ');
}

function assignment(name: string, value: string): string {
  if (!/^[A-Za-z_]\w*$/.test(name)) throw new Error(`"${name}" is not a variable name`);
  return `${name}=${quoteWord(value)}`;
}
