// Random pieces of bash that show one value, the placeholder of which lies under several layers of quotes, commands and documents.
import fc from 'fast-check';

/** Stands for the placeholder; no piece of script has this character. */
export const PLACEHOLDER = '\u0001';

/** What one shell understands; `isPosix` for those that know nothing but POSIX. */
interface Dialect {
  readonly isPosix: boolean;
}

/** Texts that come to nothing, for right beside a placeholder: the value must neither extend nor close them. */
const NOTHINGS = [
  '$unset',
  '${unset}',
  '""',
  "''",
  '$unset${unset}',
  '"$unset"',
  '$(:)',
  '"${unset:-}"',
  '${unset:+$(:)}',
];
const BASH_NOTHINGS = ["$''", '$""', "${unset//'/\\'}"];

/** The same within double quotes. */
const QUOTED_NOTHINGS = ['$unset', '${unset}', '$unset${unset:-}', '$(:)', '${unset:+it}', '$unset$unset'];

/** Words that are exactly the value; none of them closes what is around it. */
const POSIX_WORDS = [
  PLACEHOLDER,
  `"${PLACEHOLDER}"`,
  `'${PLACEHOLDER}'`,
  `\${unset:-${PLACEHOLDER}}`,
  `\${unset-"${PLACEHOLDER}"}`,
  `\${unset:-'${PLACEHOLDER}'}`,
  `"\${unset:-${PLACEHOLDER}}"`,
  `"\${unset-"${PLACEHOLDER}"}"`,
  `""${PLACEHOLDER}''`,
  `"$unset${PLACEHOLDER}$unset"`,
  `$unset${PLACEHOLDER}`,
  `"\${unset:-$unset${PLACEHOLDER}}"`,
];

const BASH_WORDS = [
  `$'${PLACEHOLDER}'`,
  `$"${PLACEHOLDER}"`,
  `\${unset:-$'${PLACEHOLDER}'}`,
  `\${unset-$"${PLACEHOLDER}"}`,
];

/** Commands that print the value and nothing else, from a separate here-document. */
const DOCUMENTS = [
  `IFS= read -r v <<THE-END\n${PLACEHOLDER}.\nTHE-END\nprintf %s "\${v%.}"`,
  `IFS= read -r v <<'THE-END'\n${PLACEHOLDER}.\nTHE-END\nprintf %s "\${v%.}"`,
  `IFS= read -r v <<-THE-END\n\t${PLACEHOLDER}.\n\tTHE-END\nprintf %s "\${v%.}"`,
  `IFS= read -r v <<THE-END\n$unset${PLACEHOLDER}.\nTHE-END\nprintf %s "\${v%.}"`,
  `IFS= read -r v <<A\nit's "A\nA\nIFS= read -r w <<"THE-OTHER"\n${PLACEHOLDER}.\nTHE-OTHER\nprintf %s "\${w%.}"`,
];

/**
 * Text before a command, to confuse a parser of the script. Newlines, not semicolons, part the commands:
 * bash 5.2 forgets a semicolon behind a here-document in a command substitution.
 */
const POSIX_DISTRACTIONS = [
  `: 'it"s' "it's" \\' \\"`,
  ': # it\'s a "comment $(\n',
  `: "\${v:-\\}}" \${v:-'}'} \${#v} $# "#" a#b`,
  `: "$(: ')' # )\n)"`,
  ': `echo "a)" \'b#\'` "`echo \\"c\\"`"',
  `: <<'END'\n' " \${unset $(\nEND\n`,
  ': <<END\n" \' \\$( \\`\nEND\n',
  'case "a" in (b|")") : ;; (a) : ;; (*) : ;; esac',
  'for i in 1 2; do :; done',
  'g() { : "}"; }\ng',
  'if ! [ a = "b" ]; then :; elif :; then :; fi',
  '{ :; } 2>/dev/null; ( : ) >&1',
  ': 2>&1 1>&2',
  ': $((1 << 2)) $((1 < 2)) $(( (1) ))',
];

/** Not `$'…'` with a quote in it in a group: bash 5.2 could not read that, and it is refused. */
const BASH_DISTRACTIONS = [
  `[[ "it's" == @(it"'"s|b) && "it's" =~ ^(it"'"s)$ ]] && :`,
  ": $'\\'' $'a\\tb' \"$'\"",
  `: \${v:-$'\\''} "\${v:-$'x'}" \${v:-$'it\\'s'}`,
  'list=(1 [2]=b # b\n)\n((list[0] + 1)) || :',
  'list=([(1) + 1]=b ["2"]=")" [a-z]*)',
  '[[ "a)" =~ ^(a|\\(b)\\)$ ]] && :',
  'case "a" in (b|")") : ;; (a) : ;& (*) : ;; esac',
  'for ((i = 0; i < 2; i++)); do :; done',
  ': {fd}>/dev/null',
  ': ${x//\\"/\\\'}',
  ": \"${x//$'\\''/}\"",
  ': !(zz|"(") a!(zz)\nb=( !(zz) )',
  'case a in (@(a|"b)")) : ;; esac',
];

type Layers = Readonly<Record<'word' | 'command', string>>;

/** A command that prints the value, with layers of this dialect around the placeholder. */
export function nestedCommand({ isPosix }: Dialect): fc.Arbitrary<string> {
  const words = isPosix ? POSIX_WORDS : [...POSIX_WORDS, ...BASH_WORDS];
  const nothings = isPosix ? NOTHINGS : [...NOTHINGS, ...BASH_NOTHINGS];
  const distractions = isPosix ? POSIX_DISTRACTIONS : [...POSIX_DISTRACTIONS, ...BASH_DISTRACTIONS];
  return fc.letrec<Layers>((tie) => {
    const bashCommands = [
      tie('command').map((command) => `cat < <( ${command})`),
      tie('word').map((word) => `a=( ${word} )\nprintf %s "\${a[0]}"`),
      tie('word').map((word) => `a=( [1]=${word} )\nprintf %s "\${a[1]}"`),
      tie('word').map((word) => `[[ ${word} == ${word} ]] && printf %s ${word}`),
      tie('word').map((word) => `[[ ${word} == @(${word}|zz) ]] && printf %s ${word}`),
      tie('word').map((word) => `[[ ${word} =~ ^(${word})$ ]] && printf %s ${word}`),
      tie('word').map((word) => `case ${word} in ("") ;; (@(zz|${word})) printf %s ${word};; esac`),
      tie('word').map((word) => `[[ a${word} =~ ^a(${word}|zz)$ ]] && printf %s "\${BASH_REMATCH[1]}"`),
      tie('word').map((word) => `IFS= read -r v <<<${word}\nprintf %s "$v"`),
      tie('word').map((word) => `printf %s \${unset:-${word}}`),
    ];
    return {
      word: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constantFrom(...words),
        fc.tuple(fc.constantFrom(...words), fc.constantFrom(...nothings)).map(([word, nothing]) => nothing + word),
        fc.tuple(fc.constantFrom(...words), fc.constantFrom(...nothings)).map(([word, nothing]) => word + nothing),
        fc.constantFrom(...QUOTED_NOTHINGS).map((nothing) => `"${nothing}${PLACEHOLDER}"`),
        fc.constantFrom(...QUOTED_NOTHINGS).map((nothing) => `"\${unset:-${nothing}${PLACEHOLDER}${nothing}}"`),
        tie('command').map((command) => `"$( ${command})"`),
        tie('command').map((command) => `"\${unset:-$( ${command})}"`),
        tie('command').map((command) => `\${unset:-"$( ${command})"}`),
      ),
      command: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        tie('word').map((word) => `printf %s ${word}`),
        fc.constantFrom(...DOCUMENTS),
        fc.tuple(fc.constantFrom(...distractions), tie('command')).map((parts) => parts.join('\n')),
        tie('command').map((command) => `( ${command}\n)`),
        tie('command').map((command) => `{ ${command}\n}`),
        tie('command').map((command) => `if true; then ${command}\nfi`),
        tie('command').map((command) => `case a in (a) ${command}\n;; esac`),
        tie('command').map((command) => `while :; do ${command}\nbreak; done`),
        tie('command').map((command) => `f() {\n${command}\n}\nf`),
        tie('command').map((command) => `{ ${command}\n} | cat`),
        tie('command').map((command) => `echo "$( ${command})" >/dev/null\n${command}`),
        tie('word').map((word) => `v=${word}\nprintf %s "$v"`),
        tie('word').map((word) => `for v in ${word}; do printf %s "$v"; done`),
        tie('word').map((word) => `case ${word} in ("") ;; (${word}) printf %s ${word};; esac`),
        tie('word').map((word) => `set -- ${word}\nprintf %s "$1"`),
        ...(isPosix ? [] : bashCommands),
      ),
    };
  }).command;
}
