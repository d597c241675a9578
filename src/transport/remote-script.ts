// One command as what a shell on another machine is given on its standard input: a script that runs whole or not at all.
import { quoteWord } from '../base/shell-word.ts';
import { MARKS } from './frame.ts';
import type { Command } from './transport.ts';
import { UTF8_LOCALE } from './utf8-locale.ts';

/** How programs start on the other machine. HOME and the user are the login's own. */
export interface RemoteContext {
  /** Looked into before the PATH that the login has. */
  readonly binDir?: string;
  /** Where programs start; the login's home when left out. */
  readonly workingDirectory?: string;
  /** Further variables for every program, such as SLURM_CONF. Nothing else of the login's environment reaches them. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** How a shell ends that did not get its whole script: it has run nothing of it. */
export const CUT_SCRIPT_EXIT_CODE = 98;

/** How much later than ours the far side's own deadline is: ours is always the first, theirs only ends what is left. */
const REMOTE_DEADLINE_AFTER_MS = 1_000;

/**
 * A loop that takes one script after the other: a line with the token and the script's length in bytes, then the script.
 * What does not begin with the token, is not that long, or does not end with the token, is not run. The login shell must
 * know a word when it sees it, whatever shell that is: no quote, backslash, exclamation mark or newline is in it.
 */
const TAKE_SCRIPTS = [
  // For exactly so many bytes and no more: only this way is quick, and not every system has it.
  'f=iflag=fullblock; dd count=0 $f < /dev/null > /dev/null 2>&1 || f=',
  'while read -r k n',
  `do test "$k" = "$1" || exit ${CUT_SCRIPT_EXIT_CODE}`,
  // A substitution of one command is that command; any other is a process more.
  'if test "$f"; then s=$(dd bs="$n" count=1 $f 2> /dev/null); else s=$(dd bs=1 count="$n" 2> /dev/null); fi',
  `case $s in *"#end $1") eval "$s" ;; *) exit ${CUT_SCRIPT_EXIT_CODE} ;; esac`,
  'done',
  `test -z "$k" || exit ${CUT_SCRIPT_EXIT_CODE}`,
].join('; ');

/** Nothing else of the login's environment is there for any program: a shell that has no more can start them as they are. */
const IN_CLEAN_ENVIRONMENT = [
  'exec env -i "PATH=$PATH" "HOME=$HOME" "USER=${USER-}" "LOGNAME=${LOGNAME-${USER-}}"',
  '/bin/sh -c "$2" sh "$1"',
].join(' ');

/** Sets $p to the elements of $1, a PATH, that are absolute: any other is the working folder, or below it, where others may write. */
const ABSOLUTE_PATH = [
  'absolute_path() {',
  '  IFS=:; set -f; p=',
  '  for d in $1; do case $d in /*) p=${p:+$p:}$d ;; esac; done',
  '  unset IFS; set +f',
  '}',
];

/** Sets $found to where the program is; false when it is nowhere on $p. IFS is left as a loop that reads lines needs it. */
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

/**
 * What the login shell is asked to run: nothing in it is anybody's data.
 * @param shellToken random letters and digits, new for each session
 */
export function remoteWord(shellToken: string): string {
  return `/bin/sh -c '${IN_CLEAN_ENVIRONMENT}' sh ${shellToken} '${TAKE_SCRIPTS}'`;
}

/** The script as the loop takes it from its standard input. */
export function scriptBlock(script: string, shellToken: string): string {
  const whole = `${script}\n#end ${shellToken}`;
  return `${shellToken} ${Buffer.byteLength(whole)}\n${whole}`;
}

/**
 * One command as a script for POSIX sh (dash, bash, busybox), with the marks by which its answer is known.
 * @param nonce random letters and digits, new for each command, and never part of an argument that `ps` would show
 */
export function remoteScript(command: Command, surroundings: RemoteContext, nonce: string): string {
  const { program, args } = command;
  const variables = { ...UTF8_LOCALE, ...surroundings.variables, ...command.env };
  const start = `PATH=$p ${cleanEnvironmentArgs(args, variables, ['$limit'])}`;
  const folder = quoteWord(surroundings.workingDirectory ?? '.');
  const seconds = Math.ceil((command.timeoutMs + REMOTE_DEADLINE_AFTER_MS) / 1000);
  return [
    `mark() { printf '[%s %s]\\n' ${nonce} "$1"; printf '[%s %s]\\n' ${nonce} "$1" >&2; }`,
    FIND_PROGRAM,
    // A program that outlives its caller would keep its session, of which a server gives out few.
    `absolute_path "$PATH"; limit=; if find_program timeout; then limit="$found -k 2 ${seconds}"; fi`,
    ...(surroundings.binDir === undefined ? [] : [`p=${quoteWord(surroundings.binDir)}:$p`]),
    `mark ${MARKS.begin}`,
    `if ! cd -- ${folder} 2> /dev/null; then printf %s ${folder}; mark ${MARKS.noFolder}`,
    `elif ! find_program ${quoteWord(program)}; then printf %s "$p"; mark ${MARKS.noProgram}`,
    'else',
    `  ${UNSET_OWN_VARIABLES}`,
    // The program writes into pipes of its own: what a child that it leaves behind prints later can't stand in the next answer.
    `  { { { ${printed(command.stdin ?? '')} 2> /dev/null | ${start}`,
    `        mark "${MARKS.exit} $?"; } 2>&1 >&6 6>&- 7>&- 8>&- | cat >&8 6>&- 7>&- 8>&-`,
    '    } 6>&1 | cat >&7 7>&- 8>&-',
    '  } 7>&1 8>&2',
    `  mark ${MARKS.end}`,
    'fi',
  ].join('\n');
}

/** The command that prints the text, byte for byte. Only printf's own escapes can carry a NUL. */
function printed(text: string): string {
  if (!text.includes('\0')) return `printf %s ${quoteWord(text)}`;
  return `printf %b ${quoteWord(text.replaceAll('\\', '\\\\').replaceAll('\0', '\\0000'))}`;
}

/** Each of these the shell would give to every program. To be run after the shell has changed its folder, which sets them anew. */
const UNSET_OWN_VARIABLES = 'unset PWD OLDPWD SHLVL';

/** bash gives each program the variable _ too; other shells do not. A path with an equals sign env(1) would take for a variable. */
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
  if (!/^[A-Za-z_]\w*$/.test(name)) throw new Error(`"${name}" is no name of a variable`);
  return `${name}=${quoteWord(value)}`;
}
