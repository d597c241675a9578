// Random ways of a value through variables to what evaluates it, in real bash: refused, warned of, or never run.
import { expect } from 'chai';
import fc from 'fast-check';
import { lintTemplate } from '../../src/template/lint/lint-template.ts';
import { runInShell, SHELLS } from './bash-run.ts';
import { problemOf, property, renderBody, withBody } from './filled-in.ts';

const CASES = Number(process.env['FUZZ_CASES'] ?? 200);
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);
const CASES_IN_A_RUN = 100;

/** X stands for the blank; each gives the value, or a text with it, to the variable A. */
const SOURCES = [
  'A=X',
  'A="X"',
  "A='p X'",
  "A=$'X'",
  'export A=X',
  'declare A="X"',
  'A=1; A+=X',
  'read -r A <<< X',
  'read -r A <<END\nX\nEND',
  'IFS= read -r A < <(printf "%s\\n" X)',
  'A=$(echo X)',
  'A=$(printf %s "X" | cat)',
  'A=$(cat <<END\nX\nEND\n)',
  'for A in X; do :; done',
  'list=(1 X); A=${list[1]}',
  'mapfile -t lines <<< X; A=${lines[0]}',
  'set -- X; A=$1',
  'f() { A=$1; }\nf X',
  'f() { local x=$2; A=$x; }; g() { f 1 "$@"; }\ng X',
  'printf -v A %s X',
  'unset A; : "${A:=X}"',
  'A=${unset:-X}',
  'echo X | { read -r A; export A; }; A=$(cat <<< X)',
];

/** From one variable to the next; each step has names of its own. */
const STEPS = [
  'B=$A',
  'B="$A"',
  'B="x $A"',
  'export B=$A',
  'declare B=$A',
  'B=${A}',
  'B=${A:-x}',
  'B=${A#zz}',
  'B=${A/zz/}',
  'B=`echo "$A"`',
  'B=$(echo "$A")',
  'B=$(printf %s "$A")',
  'read -r B <<< "$A"',
  'read -r B <<END\n$A\nEND',
  'for B in "$A"; do :; done',
  'h() { B=$1; }\nh "$A"',
  'set -- "$A"; B=$1',
  'more=("$A" 2); B=${more[0]}',
  'printf -v B %s "$A"',
  'B=; B+=$A',
  'unset B; : "${B:=$A}"',
  'B=${A:+$A}',
];

/** What is done with the last one. */
const ENDS = [
  '(( B ))',
  '(( B > 1 )) && echo',
  'echo $(( B + 1 )) $[B]',
  'echo $(( $B + 1 ))',
  '[[ $B -gt 1 ]]',
  '[[ 1 -eq B ]]',
  '[[ -v $B ]]',
  '[[ $B == x || $B -lt 3 ]]',
  'let "B + 1"',
  'declare -i n=$B',
  'declare -i n; n=B',
  'c[$B]=1',
  'c=(1); echo "${c[B]}"',
  'echo "${PATH:$B}"',
  'echo "${PATH:0:B}"',
  'for ((i = B; i < 1; i++)); do :; done',
  'unset "c[$B]"',
  'unset "$B"',
  'test -v "$B"',
  '[ -v "$B" ]',
  'printf -v "$B" x',
  'read -r "$B" <<< x',
  'declare "$B=1"',
  'export "$B"',
  'echo "${!B}"',
  'eval "echo $B"',
  'eval "$B"',
  'eval echo "$B"',
  "eval 'echo $B'",
  'eval "echo ${B@Q}"',
  'eval "echo \'$B\'"',
  'bash -c "echo $B"',
  'bash -c "echo \'$B\'"',
  'export B; bash -c \'echo $B "$B"\'',
  "export B; bash -c '(( B ))'",
  'export B; bash -c "(( \\$B ))"',
  'bash -c \'eval "$1"\' _ "$B"',
  'bash -c \'echo $1\' _ "$B"',
  'bash <<< "$B"',
  'bash <<END\necho $B\nEND',
  "export B; bash <<'END'\necho $B\nEND",
  "export B; bash <<'END'\n[[ $B -eq 1 ]]\nEND",
  'echo "$B" | bash',
  'echo "$B" | cat | bash',
  '$B',
  '"$B"',
  'env -S "echo $B"',
  'trap "$B" EXIT',
  'PS4="$B"; set -x; :; set +x',
  'echo "$B" > t.sh; bash t.sh',
  'echo "echo $B" > run-it; chmod +x run-it; ./run-it',
  'tee run-it <<< "$B"; bash run-it',
  'echo "X1=$B" > settings; . ./settings',
  '. /dev/stdin <<< "$B"',
  'echo x | xargs -I% sh -c "echo % $B"',
  'find . -maxdepth 0 -exec sh -c "echo $B" \\;',
  'awk "BEGIN { print \\"$B\\" }"',
  'awk -v b="$B" "BEGIN { print b }"',
  'echo x | sed "s/x/$B/"',
  'echo x | sed "$B"',
  'perl -e "print \'$B\'"',
  'make -f /dev/null NAME="$B"',
  'words=(echo "$B"); "${words[@]}"',
  'words=(echo "$B"); eval "${words[*]}"',
  'k() { eval "$1"; }\nk "$B"',
  'k() { "$@"; }\nk echo "$B"',
  'k() { bash -c "$*"; }\nk echo "$B"',
  'k() { (( $1 )); }\nk "$B"',
  '[ "$B" -gt 1 ]; test "$B" -eq 2',
  'case $B in x) ;; *) ;; esac',
  'echo "$B" $B "${#B}"; (( ${#B} > 3 ))',
  'cat > notes.txt <<END\n$B\nEND',
  'declare -A m; m[$B]=1',
  'mapfile -C "$B" -c 1 m <<< x',
];

const VALUES = [
  'a[$(touch pwned)]',
  'PATH[$(touch pwned)]',
  '$(touch pwned)',
  '`touch pwned`',
  '; touch pwned;',
  "'; touch pwned; '",
  '"; touch pwned; "',
  'touch pwned',
  '1e touch pwned',
  '1',
  'plain',
];

interface Case {
  readonly body: string;
  readonly value: string;
}

/** The same with names of its own in each place: a step from A to B is one from V0 to V1. */
const ways: fc.Arbitrary<Case> = fc
  .tuple(
    fc.constantFrom(...SOURCES),
    fc.array(fc.constantFrom(...STEPS), { maxLength: 3 }),
    fc.constantFrom(...ENDS),
    fc.constantFrom(...VALUES),
  )
  .map(([source, steps, end, value]) => {
    const lines = [
      renamed(source, { A: 'V0' }),
      ...steps.map((step, index) => renamed(step, { A: `V${index}`, B: `V${index + 1}` })),
      renamed(end, { B: `V${steps.length}` }),
    ];
    return { body: lines.join('\n'), value };
  });

function renamed(text: string, names: Readonly<Record<string, string>>): string {
  return text.replaceAll(/(?<![\w%])[AB](?=\W|$)|(?<=[$"'({[ ])[AB](?=\W|$)/g, (name) => names[name] ?? name);
}

/** undefined where the value is refused, or lint warns of the way. */
function scriptOf({ body, value }: Case): string | undefined {
  const written = body.replaceAll(/X(?!\d)/g, property('x'));
  const findings = lintTemplate('t', withBody(written)).findings.map(({ rule }) => rule);
  if (findings.includes('may-be-evaluated')) return undefined;
  let script: string | undefined;
  problemOf(() => {
    script = renderBody(written, value);
  });
  return script === undefined ? undefined : `( ${script}\n) < /dev/null > /dev/null 2>&1`;
}

for (const shell of SHELLS.filter((name) => name.includes('bash'))) {
  describe(`a value on its way through variables, in ${shell} (seed ${SEED})`, () => {
    it(`is refused, warned of, or never run, in ${CASES} cases`, async () => {
      const failures: string[] = [];
      let ran = 0;
      for (let from = 0; from < CASES; from += CASES_IN_A_RUN) {
        const numRuns = Math.min(CASES_IN_A_RUN, CASES - from);
        const scripts = fc.sample(ways, { numRuns, seed: SEED + from }).flatMap((one) => scriptOf(one) ?? []);
        ran += scripts.length;
        if (!(await isPwned(shell, scripts.join('\n')))) continue;
        for (const script of scripts) if (await isPwned(shell, script)) failures.push(script);
      }

      expect(failures.length, failures.slice(0, 20).join('\n\n')).to.equal(0);
      expect(ran).to.be.greaterThan(CASES / 10);
    }).timeout(0);
  });
}

async function isPwned(shell: string, script: string): Promise<boolean> {
  return (await runInShell(shell, script)).leftBehind.includes('pwned');
}
