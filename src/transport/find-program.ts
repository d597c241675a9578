// How a shell that is given one command after the other finds its program, without a process of its own.

/** Sets $p to the elements of $1, a PATH, that are absolute: any other is the working folder, or below it, where others may write. */
const ABSOLUTE_PATH = [
  'absolute_path() {',
  '  IFS=:; set -f; p=',
  '  for d in $1; do case $d in /*) p=${p:+$p:}$d ;; esac; done',
  '  unset IFS; set +f',
  '}',
];

/** Sets $found to where the program is; false when it is nowhere on $p. IFS is left as a loop that reads lines needs it. */
export const FIND_PROGRAM = [
  ...ABSOLUTE_PATH,
  'find_program() {',
  '  case $1 in */*) found=$1; test -f "$1" && test -x "$1"; return ;; esac',
  '  IFS=:; set -f; found=',
  '  for d in $p; do test -f "$d/$1" && test -x "$d/$1" && found=$d/$1 && break; done',
  '  unset IFS; set +f',
  '  test -n "$found"',
  '}',
].join('\n');
