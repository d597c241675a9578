// Text that a shell or another program re-evaluates: only plain words are accepted there.
import { expect } from 'chai';
import fc from 'fast-check';
import { runInBash } from '../run-in-bash.ts';
import { errorOf, property, renderBody } from '../template-fixtures.ts';
import { hostileLine, plainWord } from '../hostile-values.ts';

const X = property('x');

/** Text with the program that re-evaluates it, as in the message; X is the placeholder. */
const RE_EVALUATED: readonly (readonly [body: string, by: string])[] = [
  ['eval "echo X"', 'eval'],
  ["eval 'echo X'", 'eval'],
  ['make -f - <<END\nall:\n\techo X\nEND', 'make'],
  ["make -f /dev/stdin <<'END'\nall:\n\techo X\nEND", 'make'],
  ['env BASH_ENV=X bash -c :', 'bash, through BASH_ENV'],
  ['srun --export=ALL,A=1,BASH_ENV=X true', 'bash, through BASH_ENV'],
  ['exec 3<<END\necho X\nEND\nbash <&3', 'bash'],
  ['exec 3<<END\necho X\nEND\n. /dev/fd/3', '.'],
  ['echo a >&X', 'bash, after >&'],
  ['s=bash; $s -c "echo X"', '$s'],
  ['e=eval; $e "echo X"', '$e'],
  ['${RUN:-bash} -c "echo X"', '${RUN:-bash}'],
  ['${RUN-bash -c} "echo X"', '${RUN-bash -c}'],
  ['srun "${RUN:-/bin/bash}" -c "echo X"', '"${RUN:-/bin/bash}"'],
  ['${RUN:=ssh} host "echo X"', '${RUN:=ssh}'],
  ['$(command -v bash) -c "echo X"', '$(command -v bash)'],
  ['"$(which bash)" -c "echo X"', '"$(which bash)"'],
  ['`which bash` -c "echo X"', '`which bash`'],
  ['RUN=${RUN:-bash}; $RUN -c "echo X"', '$RUN'],
  [': "${RUN:=bash}"; $RUN -c "echo X"', '$RUN'],
  ['a=(eval X); "${a[@]}"', 'eval'],
  ['a=(\n  bash\n  -c "echo X"\n)\nsrun true; "${a[@]}" more', 'bash'],
  ["printf 'all:\\n\\t@%s\\n' X > Makefile", 'the shell that runs Makefile'],
  ['echo X > run; cp run other; bash other', 'the shell that runs run'],
  ['echo X > run; mv run other; . ./other', 'the shell that runs run'],
  ['echo X > run; env bash run', 'the shell that runs run'],
  ['echo X > run; timeout 1 bash run', 'the shell that runs run'],
  ['echo X > run; bash < run', 'the shell that runs run'],
  ['echo X > run; cat run | bash', 'the shell that runs run'],
  ['echo X > run; eval "$(cat run)"', 'the shell that runs run'],
  ['echo X > run; eval "$(< run)"', 'the shell that runs run'],
  ['eval echo X', 'eval'],
  ['eval "$(tool --name X)"', 'eval'],
  ['command eval "echo X"', 'eval'],
  ["'eval' echo X", 'eval'],
  ['\\eval echo X', 'eval'],
  ['if true; then eval "X"; fi', 'eval'],
  ['bash -c "echo X"', 'bash'],
  ["bash -c 'echo X'", 'bash'],
  ['bash -lc "echo X"', 'bash'],
  ['bash -e -o pipefail -c "echo X"', 'bash'],
  ['/bin/sh -c "echo X"', 'sh'],
  ['"$SHELL" -c "echo X"', '"$SHELL"'],
  ['srun --label bash -c "echo X"', 'bash'],
  ['srun -n 1 singularity exec image.sif bash -c "echo X"', 'bash'],
  ['timeout 5 env A=1 bash -c "echo X"', 'bash'],
  ['ls | xargs -n 1 sh -c "echo X"', 'sh'],
  ['find . -exec sh -c "echo X" \\;', 'sh'],
  ['bash -c "$OPTIONS" "echo X"', 'bash'],
  ['bash $OPTIONS -c "echo X"', 'bash'],
  ['bash --rcfile x -c "echo X"', 'bash'],
  ['su - jane -c "echo X"', 'su'],
  ['sbatch -n 1 --wrap="echo X"', 'sbatch'],
  ['awk "X { print }" file', 'awk'],
  ['awk "$FLAGS" "X { print }" file', 'awk'],
  ['ssh node1 "echo X"', 'ssh'],
  ['ssh node1 echo X', 'ssh'],
  ['ssh X uptime', 'ssh'],
  ['su -c "echo X" jane', 'su'],
  ['su jane --command="echo X"', 'su'],
  ["trap 'echo X' EXIT", 'trap'],
  ['trap "rm -r X" EXIT TERM', 'trap'],
  ['alias ll="ls X"', 'alias'],
  ['watch "ls X"', 'watch'],
  ['sbatch --wrap="echo X"', 'sbatch'],
  ['sbatch --wrap "echo X"', 'sbatch'],
  ['python3 -c "print(\'X\')"', 'python3'],
  ['sed -i "s|a|X|" file', 'sed'],
  ['sed -e 1d -e "s|X|a|" file', 'sed'],
  ['env -S "program X"', 'env'],
  ['"${SHELL:-/bin/bash}" -c "echo X"', '"${SHELL:-/bin/bash}"'],
  ['make install PREFIX=X', 'make'],
  ['git -c core.pager=X log', 'git'],
  ['git clone --upload-pack X host:repo', 'git'],
  ['tar -I "zstd -X" -xf a.tar', 'tar'],
  ['tar -xf a.tar --to-command="X"', 'tar'],
  ['tar -cf a.tar --checkpoint-action=exec=X .', 'tar'],
  ['scp a "host:X"', 'scp'],
  ['rsync -a -e "ssh X" a b', 'rsync'],
  ['ed file <<END\nX\nEND', 'ed'],
  ['ex -s -c "s/a/X/" file', 'ex'],
  ['vi -c "X" file', 'vi'],
  ['tmux new-session -d "X"', 'tmux'],
  ['sqlite3 runs.db <<END\nX\nEND', 'sqlite3'],
  ['echo "X" | sqlite3 runs.db', 'sqlite3'],
  ['lftp -c "open host; get X"', 'lftp'],
  ['sftp host <<END\nput X\nEND', 'sftp'],
  ['mapfile -C X lines', 'mapfile'],
  ['source envs/X/bin/activate', 'source'],
  ['. X', '.'],
  ['A=1 command . X', '.'],
  ['run() { "$@"; }\nrun . X', '.'],
  ['$DEBUG . X', '.'],
  ['tee run.sh <<END\necho X\nEND', 'the shell that runs run.sh'],
  ['echo "A=X" > env.txt\n. ./env.txt', 'the shell that runs env.txt'],
  ['echo "echo X" > job\nchmod +x job', 'the shell that runs job'],
  ['cat > "$T/job" <<END\nX\nEND\nbash "$T/job"', 'the shell that runs …/job'],
  ['GIT_SSH_COMMAND="ssh X" git fetch', 'bash, through GIT_SSH_COMMAND'],
  ['export EDITOR=X', 'bash, through EDITOR'],
  ['awk "/X/" file', 'awk'],
  ['awk -v a=1 -F : "/X/" file', 'awk'],
  ['echo `echo X`', 'backquotes'],
  ['echo "`echo X`"', 'backquotes'],
  ['bash <<END\necho X\nEND', 'bash'],
  ["bash -s a <<'END'\necho X\nEND", 'bash'],
  ['bash -o pipefail <<END\necho X\nEND', 'bash'],
  ['bash $OPTIONS <<END\necho X\nEND', 'bash'],
  ['ssh node1 <<END\necho X\nEND', 'ssh'],
  ['ssh node1 bash -s <<-"END"\n\techo X\n\tEND', 'ssh'],
  ['python3 - <<END\nprint("X")\nEND', 'python3'],
  ['sbatch <<END\n#!/bin/bash\necho X\nEND', 'sbatch'],
  ['bash <<< "echo X"', 'bash'],
  ['cat <<END | bash\necho X\nEND', 'bash'],
  ['echo "echo X" | bash', 'bash'],
  ['{ echo "echo X"; } | srun bash', 'bash'],
  ['(\n  for i in 1; do echo "X"; done\n) | sort | ssh node1', 'ssh'],
  ['{ bash; } <<END\necho X\nEND', 'bash'],
  ['echo "X" | xargs -I% sh -c "echo %"', 'sh'],
  ['echo "echo X" | while read -r l; do bash <<<"$l"; done', 'bash'],
  ['echo "echo X" > >(bash)', 'bash'],
  ['bash <(echo "echo X")', 'bash'],
  ['source <(echo "echo X")', 'source'],
  ['. /dev/stdin <<END\necho X\nEND', '.'],
  ['f() { ssh node1 "$@"; }\nf echo X', 'the function f'],
  ['f() {\n  eval "$1"\n}\nf "echo X"', 'the function f'],
  ['f() { bash; }\nf <<END\necho X\nEND', 'bash'],
  ['cat > run.sh <<END\necho X\nEND', 'the shell that runs run.sh'],
  ['cat > run <<END\n#!/bin/bash\necho X\nEND', 'the shell that runs this here-document'],
  ['X echo', 'a command whose name is a value'],
  ['time -p X echo', 'a command whose name is a value'],
  ['time -- X echo', 'a command whose name is a value'],
  ['A=1 X "X"', 'a command whose name is a value'],
  ['"X" -v', 'a command whose name is a value'],
  ['PS4="+ X "', 'bash, through PS4'],
  ['export BASH_ENV=X', 'bash, through BASH_ENV'],
  ['unset X', 'unset, as the name of a variable'],
  ['read -r X', 'read, as the name of a variable'],
  ['mapfile -t X', 'mapfile, as the name of a variable'],
  ['printf -v X 1', 'printf, as the name of a variable'],
  ['[[ -v X ]]', '[[, as the name of a variable'],
  ['test -v X', 'test, as the name of a variable'],
  ['export X', 'bash, as the name of a variable'],
  ['declare "X"=1', 'bash, as the name of a variable'],
  ['declare -A m="X"', 'bash, as the array m'],
  ['declare -a m\nexport m=X', 'bash, as the array m'],
  ['declare -n m=X', 'bash, as the array m'],
  ['declare -A m=([a]=1); echo "${m[X]}"', 'bash, as a key of m'],
  ['declare -A m; m[X]=1', 'bash, as a key of m'],
  ['echo ${v#X}', 'a pattern of ${…}'],
  ['echo "${v/a/X}"', 'a pattern of ${…}'],
  ['echo "${v:-\'X\'}"', '\'…\' inside "${…}"'],
  ['cat <<END\n${v:-X}\nEND', '${…} in a here-document'],
];

const ARITHMETIC: readonly (readonly [body: string, where: string])[] = [
  ['echo $((X + 1))', 'arithmetic'],
  ['echo "$(( "X" * 2 ))"', 'arithmetic'],
  ['echo $[X + 1]', '$[…]'],
  ['((X > 1)) && echo', 'arithmetic'],
  ['coproc C { (( X )); }', 'arithmetic'],
  ['coproc C (( X ))', 'arithmetic'],
  ['coproc C if [[ X -eq 1 ]]; then :; fi', '[[ … -eq … ]]'],
  ['for ((i = 0; i < X; i++)); do :; done', 'arithmetic'],
  ['[[ X -eq 1 ]]', '[[ … -eq … ]]'],
  ['[[ a == b || 1 -lt "X" ]]', '[[ … -lt … ]]'],
  ['a[X]=1', 'an array subscript'],
  ['declare -A m; (( m[X] + ${m[X]} ))', 'arithmetic'],
  ['a=([X]=1)', 'an array subscript'],
  ['echo ${a[X]}', 'an array subscript'],
  ['echo "${a[X]:-1}"', 'an array subscript'],
  ['echo ${v:X}', 'an offset of ${…}'],
  ['echo "${v: "X" : 1}"', 'an offset of ${…}'],
  ['declare -i n=X', 'the integer n'],
  ['n=X\ntypeset -i n', 'the integer n'],
  ['declare -ia a; a[${#a[@]}]=X', 'the integer a'],
  ['let n=X', 'let'],
  // Plain words can run too: qx/id/, %x/id/, 1e/tmp/x.
  ['perl -I lib -e "print 1" -e "print X"', 'code of perl'],
  ['perl -e "print X"', 'code of perl'],
  ['ruby -e "puts X"', 'code of ruby'],
  ["perl <<'END'\nprint X;\nEND", 'code of perl'],
  ['sed -n "Xp" file', 'a command of sed'],
  ['sed -e "s/a/b/X" file', 'a command of sed'],
  ['sed "s/a/X" file', 'a command of sed'],
];

/** Similar commands that do not re-evaluate the value. */
const READ_ONCE: readonly string[] = [
  'bash script.sh X',
  'bash script.sh -c X',
  'python3 train.py -c X',
  'srun python3 -u train.py --name X -c X',
  "bash -c 'echo $1' _ X",
  'bash -c \'"$@"\' _ program X',
  'bash "$HOME/script.sh" <<END\nX\nEND',
  'bash -c "echo \\$1" _ X',
  'ssh_config=X',
  'echo eval-X',
  'echo X | sort | tee log',
  'bash script.sh <<END\nX\nEND',
  'bash -c "cat" <<END\nX\nEND',
  'python3 train.py --name X <<< X',
  'printf %s X | python3 -c "import sys; print(sys.stdin.read())"',
  'awk -v name=X "{ print name }" X',
  'sed -n 1p X',
  'tar -xf X -C X',
  'git clone X',
  'rsync -a X /data/X/',
  'env NAME=X program',
  'cat > data.txt <<END\nX\nEND\npython3 train.py --data data.txt',
  'declare -a m=(X "X")',
  'local_name=X; export local_name',
  'f() { echo "$@" | sort; }\nf X',
  'srun() { command srun --name="X" "$@"; }\nsrun X',
  '[ X = a ] || [[ X == a ]]',
  'cat > notes.txt <<END\nX\nEND',
  'read -r line <<< X',
  'source env.sh X',
  'cp -r . "scratch/X"',
  'cp -r source X',
  'find . -name "*X*" -delete',
  'tar -C . -czf X.tgz models',
  'docker build . -t X',
];

const HOSTILE = ['$(touch pwned)', 'a b', '', "'", '-oProxyCommand=x', 'a[$(x)]'];

describe('the template renderer (X is the value of a user property)', () => {
  for (const [body, by] of RE_EVALUATED) {
    it(`accepts only a plain word as X if the template contains: ${body.replaceAll('\n', ' ⏎ ')}`, () => {
      expect(renderBody(body.replaceAll('X', X), 'a.b-1/c')).to.equal(body.replaceAll('X', 'a.b-1/c'));

      for (const value of HOSTILE.filter((text) => text !== '')) {
        const problem = errorOf(() => renderBody(body.replaceAll('X', X), value));
        expect(problem?.finding).to.include(`which is re-evaluated by ${by}: only letters`);
        expect(problem?.finding).to.include('export NAME=${…}');
      }
    });
  }

  it('rejects every X that bash would run as code', async () => {
    const bodies = ['eval "show KEY X"', "bash -c 'show KEY X'", 'show KEY `echo X`', 'bash <<END\nshow KEY X\nEND'];
    for (const body of bodies) {
      for (const [index, value] of fc.sample(fc.oneof(plainWord, hostileLine()), 300).entries()) {
        const written = body.replaceAll('KEY', `key${index}`).replaceAll('X', X);
        const isPlain = /^[A-Za-z0-9_./:@%+,=][A-Za-z0-9_./:@%+,=-]*$/.test(value);
        expect(errorOf(() => renderBody(written, value)) === undefined).to.equal(isPlain || value === '');
      }
      const words = fc.sample(plainWord, 100);
      const script = words.map((word, index) =>
        renderBody(body.replaceAll('KEY', `key${index}`).replaceAll('X', X), word),
      );
      const run = await runInBash(script.join('\n'));
      expect([...run.shown.values()].map(([word]) => word)).to.deep.equal(words);
      expect(run.leftBehind).to.deep.equal([]);
    }
  });
});

describe('the template renderer (X is the value of a user property)', () => {
  for (const [body, where] of ARITHMETIC) {
    it(`accepts only a whole number as X if the template contains: ${body.replaceAll('\n', ' ⏎ ')}`, () => {
      for (const number of ['0', '12', '-3']) {
        expect(renderBody(body.replaceAll('X', X), number)).to.equal(body.replaceAll('X', number));
      }
      for (const value of [...HOSTILE, 'abc', '08', '1+1', '1.5', '16#ff']) {
        expect(errorOf(() => renderBody(body.replaceAll('X', X), value))?.finding).to.include(
          `which is evaluated as ${where}: only a whole number`,
        );
      }
    });
  }
});

describe('the template renderer (X is the value of a user property)', () => {
  for (const body of READ_ONCE) {
    it(`accepts any X if the template contains: ${body.replaceAll('\n', ' ⏎ ')}`, () => {
      expect(errorOf(() => renderBody(body.replaceAll('X', X), "it's $(hostile) `text`"))).to.equal(undefined);
    });
  }
});
