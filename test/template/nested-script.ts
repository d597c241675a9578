// Random pieces of bash that show one value, the blank of which lies under several layers of quotes, commands and documents.
import fc from 'fast-check';

/** Stands for the blank; no piece of script has this character. */
export const BLANK = '\u0001';

/** Words that are exactly the value. */
const WORDS = [
  BLANK,
  `"${BLANK}"`,
  `'${BLANK}'`,
  `$'${BLANK}'`,
  `$"${BLANK}"`,
  `\${unset:-${BLANK}}`,
  `\${unset-"${BLANK}"}`,
  `\${unset:-'${BLANK}'}`,
  `"\${unset:-${BLANK}}"`,
  `"\${unset-"${BLANK}"}"`,
  `""${BLANK}''`,
];

/** Commands that print the value and nothing else, from a document of their own. */
const DOCUMENTS = [
  `IFS= read -r v <<THE-END\n${BLANK}.\nTHE-END\nprintf %s "\${v%.}"`,
  `IFS= read -r v <<'THE-END'\n${BLANK}.\nTHE-END\nprintf %s "\${v%.}"`,
  `IFS= read -r v <<-THE-END\n\t${BLANK}.\n\tTHE-END\nprintf %s "\${v%.}"`,
  `IFS= read -r v <<A\nit's "A\nA\nIFS= read -r w <<"THE-OTHER"\n${BLANK}.\nTHE-OTHER\nprintf %s "\${w%.}"`,
];

/**
 * What goes before a command, to lead a reader of the script astray. Newlines, not semicolons, part the commands:
 * bash 5.2 forgets a semicolon behind a here-document in a command substitution.
 */
const DISTRACTIONS = [
  `: 'it"s' "it's" \\' \\"`,
  ': # it\'s a "comment $(\n',
  `: "\${v:-\\}}" \${v:-'}'} \${#v} $# "#" a#b`,
  ": $'\\'' $((1 << 2)) $((1 < 2)) $(( (1) ))",
  `: "$(: ')' # )\n)"`,
  ': `echo "a)" \'b#\'` "`echo \\"c\\"`"',
  `: <<'END'\n' " \${unset $(\nEND\n`,
  ': <<END\n" \' \\$( \\`\nEND\n',
  'a=(1 [2]=b # b\n)\n((a[0] + 1)) || :',
  '[[ "a)" =~ ^(a|\\(b)\\)$ ]] && :',
  'case "a" in (b|")") : ;; a) : ;& *) : ;; esac',
  'for i in 1 2; do :; done\nfor ((i = 0; i < 2; i++)); do :; done',
  'g() { : "}"; }\ng',
  'if ! [ a = "b" ]; then :; elif :; then :; fi',
  '{ :; } 2>/dev/null; ( : ) >&1',
  ': 2>&1 1>&2 {fd}>/dev/null',
  ': ${x//\\"/\\\'}',
];

type Layers = Readonly<Record<'word' | 'command', string>>;

/** A command that prints the value, with up to this many layers around the blank. */
export const nestedCommand: fc.Arbitrary<string> = fc.letrec<Layers>((tie) => ({
  word: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(...WORDS),
    tie('command').map((command) => `"$( ${command})"`),
    tie('command').map((command) => `"\${unset:-$( ${command})}"`),
    tie('command').map((command) => `\${unset:-"$( ${command})"}`),
  ),
  command: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('word').map((word) => `printf %s ${word}`),
    fc.constantFrom(...DOCUMENTS),
    fc.tuple(fc.constantFrom(...DISTRACTIONS), tie('command')).map((parts) => parts.join('\n')),
    tie('command').map((command) => `( ${command}\n)`),
    tie('command').map((command) => `{ ${command}\n}`),
    tie('command').map((command) => `if true; then ${command}\nfi`),
    tie('command').map((command) => `case a in (a) ${command}\n;; esac`),
    tie('command').map((command) => `while :; do ${command}\nbreak; done`),
    tie('command').map((command) => `f() {\n${command}\n}\nf`),
    tie('command').map((command) => `{ ${command}\n} | cat`),
    tie('command').map((command) => `cat < <( ${command})`),
    tie('command').map((command) => `echo "$( ${command})" >/dev/null\n${command}`),
    tie('word').map((word) => `v=${word}\nprintf %s "$v"`),
    tie('word').map((word) => `a=( ${word} )\nprintf %s "\${a[0]}"`),
    tie('word').map((word) => `for v in ${word}; do printf %s "$v"; done`),
    tie('word').map((word) => `[[ ${word} == ${word} ]] && printf %s ${word}`),
    tie('word').map((word) => `case ${word} in ("") ;; ${word}) printf %s ${word};; esac`),
    tie('word').map((word) => `IFS= read -r v <<<${word}\nprintf %s "$v"`),
    tie('word').map((word) => `set -- ${word}\nprintf %s "$1"`),
  ),
})).command;
