// Values that a script evaluates through a variable: refused if that is certain, otherwise a warning.
import { expect } from 'chai';
import { lintTemplate } from '../../src/lint/lint-template.ts';
import { parseTemplate } from '../../src/sbatch-template/parse-template.ts';
import { errorOf, property, renderBody, withBody } from './template-fixtures.ts';

const X = property('x');

/** Each evaluates the value of the placeholder X as arithmetic. */
const NUMBERS: readonly string[] = [
  "export N=X; bash -c '[[ $N -gt 1 ]]'",
  "export N=X; bash -c '(( N )); [[ -f y ]]'",
  'N=X; y=`(( N ))`',
  'N=X; y=`[[ $N -gt 1 ]]; echo`',
  'N=X; declare a[$N]=1',
  'N=X; f() { local a[N]=1; }; f',
  'N=X\n(( N > 1 )) && echo many',
  'N=X; echo $(( N * 2 ))',
  'N=X; [[ $N -gt 1 ]] && echo many',
  'N="X"; M=$N; L="$M"; (( L++ ))',
  'export N=X\nfor ((i = 0; i < N; i++)); do :; done',
  'declare N=X; let "M = N + 1"',
  'N=X; declare -i M=$N',
  'declare -i M; N=X; M=N',
  'N=X; echo "${PATH:$N}" "${PATH:0:N}"',
  'N=X; a[$N]=1',
  'N=X; echo "${a[N]}"',
  'f() { (( $1 > 1 )); }\nf X',
  'f() { local n=$1; [[ $n -eq 2 ]]; }; g() { f "$@"; }\ng X',
  'set -- X; (( $1 ))',
  'read -r N <<< X; (( N ))',
  'read -r N <<END\nX\nEND\n(( N ))',
  'echo X | while read -r N; do (( N )); done',
  'read -r N < <(echo X); (( N ))',
  'N=$(echo "X"); (( N ))',
  'N=`date`; for N in X 2; do (( N )); done',
  ': "${N:=X}"; (( N ))',
  'printf -v N "%s" X; (( N ))',
  'printf -v N X; (( N ))',
  'printf -vN "%s" X; (( N ))',
  'printf -v N -- %s X; (( N ))',
  'a=(1 X); (( a[1] ))',
  'a=(); a[${#a[@]}]=X; (( a[0] ))',
  "N=X; read 'a[N]' <<< 1",
  "N=X; unset 'a[N]'",
  "N=X; printf -v 'a[N]' 1",
  "N=X; declare 'a[N]=1'",
  'N=X; [[ -v a[N] ]]',
  "N=X; test -v 'a[N + 1]'",
  'a=(1 X); for n in "${a[@]}"; do (( n )); done',
  "export N=X; bash -c '(( N > 1 ))'",
  "bash -c '(( $1 > 1 ))' _ X",
  'export N=X; bash -c "(( \\$N > 1 ))"',
  "export N=X\nbash <<'END'\n(( N > 1 ))\nEND",
  "bash -c 'N=X; (( N ))'",
  'NAME=X; perl -e "print $NAME"',
  'declare -i n; read -r n <<< X',
  'typeset -i n; read n < <(echo X)',
  'declare -i n; for n in X; do :; done',
  'declare -i n; select n in X; do break; done <<< 1',
  'declare -i n; printf -v n %s X',
  'declare -i n; : "${n:=X}"',
  'declare -i n; mapfile n <<< X',
  'm=X; RANDOM=$m',
];

/** Each evaluates it as code, or as a name. */
const CODE: readonly string[] = [
  'export N=X; srun bash -c \'eval "$N"; [[ -f y ]]\'',
  'N=X; ${RUN:-bash} -c "echo $N"',
  'N=X; $(command -v bash) -c "echo $N"',
  'N=X; y=`eval "\\$N"`',
  'N=X; declare -A m; declare m[$N]=1',
  'N=X; exec {fds[$N]}>/dev/null',
  'CMD="echo \'X\'"; eval "$CMD"',
  'CMD=X; eval $CMD',
  'printf -v CMD "ls X"; eval "$CMD"',
  'NAME=X; printf -v CMD "ls $NAME %q" "$HOME"; bash -c "$CMD"',
  'CMD="ls X"; $CMD',
  'export NAME=X; bash -c "echo $NAME"',
  'NAME=X; ssh node1 "echo $NAME"',
  'NAME=X; echo "echo $NAME" | bash',
  'NAME=X; bash <<< "echo $NAME"',
  'NAME=X\nbash <<END\necho $NAME\nEND',
  'NAME=X\ncat > run.sh <<END\necho $NAME\nEND',
  'NAME=X; echo "echo $NAME" > run.sh',
  'NAME=X\ntee run.sh <<END\necho $NAME\nEND',
  'NAME=X; echo "A=$NAME" > env.txt; . ./env.txt',
  'NAME=X; trap "rm $NAME" EXIT',
  'NAME=X; sbatch --wrap="echo $NAME"',
  'NAME=X; sbatch --wrap "echo $NAME"',
  'NAME=X; su -c "echo $NAME" jane',
  'NAME=X; watch "ls $NAME"',
  'NAME=X; PS4="+$NAME "',
  'NAME=X; BASH_ALIASES[ll]="ls $NAME"',
  'NAME=X; BASH_ALIASES=([ll]="ls $NAME")',
  'NAME=X; BASH_CMDS[tool]=$NAME',
  'NAME=X; echo "${!NAME}"',
  'NAME=X; unset "$NAME"',
  'NAME=X; printf -v "$NAME" 1',
  'NAME=X; test -v "$NAME"',
  'NAME=X; declare "$NAME=1"',
  'NAME=X; source "$NAME"',
  'k() { local n=$1; shift; "$@"; }\nk 3 . X',
  'run() { eval "$@"; }\nCMD=X\nrun $CMD',
  'run() { ssh node1 "$1"; }; outer() { run "$@"; }\nouter X',
  'run() { local c="$*"; bash -c "$c"; }\nrun echo X',
  'bash -c \'eval "$1"\' _ X',
  'A=(echo X); eval "${A[*]}"',
  'NAME=X; srun bash -c "echo $NAME"',
  'NAME=X; find . -exec sh -c "echo $NAME" \\;',
  'NAME=X; python3 -c "print($NAME)"',
  'NAME=X; env -S "echo $NAME"',
  'NAME=X; make OPTIONS="$NAME"',
  'x=X; echo "${x@P}"',
  'f() { for a; do eval "$a"; done; }\nf X',
  'f() { read -r l; eval "$l"; }\nf <<< X',
  'f() { read -r l; eval "$l"; }\necho X | f',
  'CMD=X; a=(bash -c "$CMD"); "${a[@]}"',
  'CMD=X; exec $CMD',
  'CMD=X; exec -a name "$CMD"',
  'CMD=X; time -p $CMD',
  'CMD=X; time -p -- $CMD',
  'CMD=X; coproc C { $CMD; }',
  'CMD=X; coproc C ( $CMD )',
  'CMD=X; coproc $CMD',
  'CMD=X; command -- $CMD',
  'CMD=X; timeout -k 1 9 $CMD',
  'NAME=X; env BASH_ENV="$NAME" bash -c :',
  'env "A=X" bash -c \'eval "$A"\'',
  'exec 3<<END\nX\nEND\nwhile read -r -u 3 l; do eval "$l"; done',
  'NAME=X; s=bash; $s -c "echo $NAME"',
  'NAME=X; e=eval; "$e" "echo $NAME"',
  'LOG=X; echo a >& "$LOG"',
  'NAME=X\nmake -f - <<END\nall:\n\techo $NAME\nEND',
  'run() { g "$@"; }; g() { eval "$@"; }\nrun echo X',
  'while read -r l; do eval "$l"; done <<< X',
  'echo X | while read -r l; do bash -c "$l"; done',
  'NAME=X; echo "$NAME" > f; bash --rcfile f -i',
  'NAME=X; bash --rcfile <(echo "$NAME") -i',
  'NAME=X; sg staff "echo $NAME"',
  'NAME=X; GIT_SSH_COMMAND="ssh -p $NAME" git fetch',
  'NAME=X; cmd=(bash -c); "${cmd[@]}" "$NAME"',
  'cmd=(bash); cmd+=(-c); cmd+=(X); "${cmd[@]}"',
  'cmd=(bash -c); cmd[${#cmd[@]}]=X; "${cmd[@]}"',
  'cmd=(ls); cmd[${#cmd[@]}]=X; eval "${cmd[*]}"',
  'NAME=X; SH="bash -c"; $SH "$NAME"',
  'NAME=X; OPTIONS=-c; bash $OPTIONS "$NAME"',
  'NAME=X; set -- bash -c "$NAME"; "$@"',
  'read -ra a <<< X; "${a[@]}"',
  'cmd=(env bash -c X); run() { "$@"; }\nrun "${cmd[@]}"',
  'bash -s -- X <<"END"\neval "$1"\nEND',
  'NAME=X; a=(bash -c \'eval "$1"\' _ "$NAME"); "${a[@]}"',
];

/** The result of the flow is unknown, or the script checks the value itself. */
const DOUBTS: readonly string[] = [
  "export N=X; srun bash -c $'(( N > 1 ))'",
  "export N=X; srun bash -c '(( N > 1 )); echo '$HOME",
  'export N=X; srun bash <<EOT\n(( N > 1 ))\nEOT',
  'export N=X; srun bash <<EOT\neval "\\$N"\nEOT',
  "export N=X; bash -c '[[ $N -gt 1'",
  'N=$(echo X | tr -d a); (( N ))',
  'N=X; [[ $N =~ ^[0-9]+$ ]] || exit 1; (( N ))',
  'N=X; case $N in (*[!0-9]*) exit 1;; esac; (( N ))',
  'N=X; [ "$N" -ge 1 ] || exit 1; (( N ))',
  'N=$(basename X); CMD="ls $N"; eval "$CMD"',
  'exec 5> f; echo X >&5; exec 5>&-; . ./f',
  'f() { cat > f; }; f <<< X; bash f',
  't=$(mktemp); echo X > "$t.txt"; u=$t.txt; read -r l < "$u"; eval "$l"',
  'echo X > f; export BASH_ENV=f; bash -c :',
  'echo X; eval "$_"',
  'f() { echo X; }; N=$(f); (( N ))',
  'coproc bash; echo X >&"${COPROC[1]}"',
  'n=N; N=X; eval "${!n}"',
  'declare -n r=N; r=X; eval "$N"',
  'N=X; [ $N -gt 1 ]',
  'N=X; srun -n $N python train.py',
  'N=X; env "$N" bash -c :',
  'export N=X; envsubst < job.template > job.sh; bash job.sh',
  "export N=X; envsubst '$N' < job.template | bash",
  'N=X; srun -p gpu $N',
  'N=X; srun --partition gpu --exclusive $N',
  'N=X; srun --exclusive --label timeout -s KILL 9 $N',
  'N=X; command srun $N',
  'N=X; /usr/bin/time -f %e $N',
  'N=X; stdbuf -o L $N',
  'N=X; env -u HOME $N',
  'N=X; /usr/bin/env "$N" bash -c :',
  'N=X; sudo -u jane $N',
  'N=X; mpirun --mca btl tcp,self -x NAME $N',
  'N=X; singularity exec --nv -B /data image.sif $N',
  'N=X; apptainer exec "$IMAGE" $N',
  'N=X; flock -w 9 lock $N',
  'f() { srun --exclusive "$@"; }; N=X; f $N',
];

/** Used as data only. */
const SAFE: readonly string[] = [
  'N=X; echo "$N" $N',
  'N=X; cp -r . "scratch/$N"; find . -name "*$N*"; rsync -a . source "$N/"',
  'N=X; echo "$N" > notes; cp . notes data; find . notes',
  'N=X; [ "$N" -gt 1 ]; test "$N" = 2',
  'N=X; [[ $N == 2 ]]; [[ -n $N ]]',
  'N=X; (( ${#N} > 3 ))',
  'N=X; eval "echo ${N@Q}"',
  's=python3; $s train.py X',
  'a=(bash -c \'echo "$1"\' _ X); "${a[@]}"',
  'NAME=X; echo "$NAME" > notes; cp notes copy; cat copy; srun python train.py',
  'export N=X; envsubst < config.template > config.yaml; cat config.yaml',
  'N=X; srun -p gpu --exclusive ./train $N; srun --cpu-bind=none --label ./train $N; srun --mpi pmix ./train $N',
  'N=X; apptainer exec --nv -B /data image.sif ./train $N; singularity exec $IMAGE ./train $N; singularity run image.sif ./train $N',
  'N=X; mpirun --mca btl tcp,self -np 4 ./train $N; flock lock ./train $N; env -u HOME ./train $N; /usr/bin/time -v ./train $N',
  'f() { srun --exclusive "$@"; }; N=X; f ./train $N; f python train.py $N',
  'NAME=X; exec python train.py "$NAME"; timeout 9 echo "$NAME"',
  'declare -i n; read -r m <<< X; n=2',
  'N=X; echo "$N" > out.txt 2>&1; env MODE="$N" true',
  'exec 3<<END\nX\nEND\nread -r N <&3; echo "$N"',
  'export N=X; bash -c \'echo "$N" $N\'',
  'export N=X; bash -c "echo \\$N"',
  'NAME=X; srun bash -c \'echo "$1"\' _ "$NAME"',
  'declare -A m; k=X; m[$k]=1; echo "${m[$k]}"',
  "declare -A m; k=X; unset 'm[k]'; [[ -v m[k] ]]",
  'OPT=X; python3 train.py --name "$OPT"',
  'NAME=X; cat > notes.txt <<END\n$NAME\nEND',
  'f() { echo "$1"; (( $# > 1 )); }\nf X',
  'printf -v Q %q X; bash -c "echo $Q"',
  'printf -v Q "ls %q" X; bash -c "$Q"',
  'printf -v N %d X; (( N ))',
  'N=X; [[ -n ${N:+1} ]] && eval "echo ${N:+set}"',
  'MODE=X; if [[ $MODE == fast ]]; then (( SPEED = 2 )); fi',
  'words=(program X); "${words[@]}"; echo "${words[0]}"',
  'N=X; cmd=(python train.py); cmd+=(--name "$N"); srun "${cmd[@]}"',
  'N=X; run() { echo "+ $*"; "$@"; }; run python train.py "$N"',
  'N=X; RUN="srun -n 2"; $RUN python train.py --name "$N"',
  'N=X; echo "$N" > config.yaml; python train.py --config config.yaml',
  'N=X; echo "$N" > log; L=$(wc -l < log); (( L > 1 )); bash other.sh',
  'N=X; srun python train.py $N',
  'exec 3> log; echo X >&3; bash train.sh',
  `N=${property('x', ':1|int')}; (( N )); eval "echo $N"`,
  'ID=${CLEARML_TASK.id}; eval "echo $ID"',
];

const HOSTILE = ['a[$(touch pwned)]', '$(touch pwned)', '`x`', 'a b', 'x;y', "'"];

function findings(body: string): string[] {
  return lintTemplate('t', withBody(body.replaceAll('X', X))).findings.map(({ rule }) => rule);
}

describe('the renderer, given an id in a variable that is evaluated,', () => {
  /** Of the script of a task with this in each place where a user can write it. */
  function problemOf(variable: string, value: string): string | undefined {
    const body = `N=\${${variable}}; eval "echo $N"`;
    const task = { id: 'abc123', project: 'def456', parent: value, runtime: { id: value } };
    return errorOf(() => renderBody(body, '', { task }))?.finding;
  }

  for (const variable of ['CLEARML_TASK.parent', 'CLEARML_TASK.runtime.id'])
    it(`accepts ${variable} only if it is a plain word, because a user can write any text there`, () => {
      expect(problemOf(variable, '0123456789abcdef0123456789abcdef')).to.equal(undefined);
      // tasks.clone does not check a new_task_parent with this prefix.
      expect(problemOf(variable, '__DELETED__$(id)')).to.include('only letters, digits');
    });

  it('warns of no id that only the server can write', () => {
    for (const variable of ['CLEARML_TASK.id', 'CLEARML_TASK.project.id', 'CLEARML_USER.id', 'CLEARML_QUEUE_ID'])
      expect(parseTemplate(withBody(`N=\${${variable}}; eval "$(echo $N)"`), 't').contents.warnings).to.deep.equal([]);
  });
});

describe('the renderer, given a value X in a variable,', () => {
  for (const body of NUMBERS) {
    it(`accepts X only if it is a number, because the script evaluates X as arithmetic: ${JSON.stringify(body)}`, () => {
      for (const value of ['0', '12']) renderBody(body.replaceAll('X', X), value);
      for (const value of [...HOSTILE, 'PATH']) {
        const problem = errorOf(() => renderBody(body.replaceAll('X', X), value));
        expect(problem?.finding, value).to.match(
          /evaluated in line \d+, through \$\w+, by .*: only a number|re-evaluated by/,
        );
      }
    });
  }

  for (const body of CODE) {
    it(`accepts X only if it is a plain word, because the script evaluates X as code: ${JSON.stringify(body)}`, () => {
      renderBody(body.replaceAll('X', X), 'a.b-1/c');
      for (const value of HOSTILE) {
        const problem = errorOf(() => renderBody(body.replaceAll('X', X), value));
        expect(problem?.finding, value).to.match(
          /evaluated in line \d+, through \$\w+, by .*: only letters|re-evaluated by/,
        );
      }
      expect(findings(body)).to.include('may-be-read-again');
    });
  }

  for (const body of DOUBTS) {
    it(`accepts X, and lint warns that the script may evaluate X: ${JSON.stringify(body)}`, () => {
      renderBody(body.replaceAll('X', X), 'a b');

      expect(findings(body)).to.include('may-be-evaluated');
    });
  }
});

describe('the warnings of a template', () => {
  for (const [body, by] of [
    ['srun W python train.py', 'srun'],
    ['singularity exec --nv W image.sif python train.py', 'singularity'],
    ['env W python train.py', 'env'],
    ['timeout W python train.py', 'timeout'],
    ['bash W', 'bash'],
    ['a=(W); srun "${a[@]}" python train.py', 'srun'],
    ['run() { srun "$@" python train.py; }; run W', 'srun'],
  ] as const)
    for (const placeholder of ['${CLEARML_TASK.container.arguments}', property('x', '|words')])
      it(`name the words of a value that ${by} may read as options: ${body.replace('W', placeholder)}`, () => {
        expect(parseTemplate(withBody(body.replace('W', placeholder)), 't').contents.warnings.join('\n')).to.match(
          new RegExp(`may be evaluated in line 3, through the words of a command, by ${by}, as options, because it`),
        );
      });

  it('do not name the words of a value that a program gets as data', () => {
    for (const body of [
      'python train.py W',
      'srun python train.py W',
      'a=(W); srun python train.py "${a[@]}"',
      'echo W',
    ])
      expect(parseTemplate(withBody(body.replace('W', property('x', '|words'))), 't').contents.warnings).to.deep.equal(
        [],
      );
  });

  it('name the values that may be evaluated, each once, with file and line', () => {
    const text = withBody(`N=$(basename ${X})\n(( N ))`);

    expect(parseTemplate(text, 'gpu.template').contents.warnings).to.deep.equal([
      'gpu.template:3: The value of CLEARML_TASK.hyperparams.properties.x.value may be evaluated in line 4, through $N, by arithmetic.',
    ]);
    const harmless = text.replace('.value}', '.value:1|int}');
    expect(parseTemplate(harmless, 'gpu.template').contents.warnings).to.deep.equal([]);
  });
});

describe('the renderer, given a value X in a variable, array or argument,', () => {
  for (const body of SAFE) {
    it(`accepts ${body.includes('X') ? 'X, because the script never runs X as code' : 'the value, because it can only be a number or an id'}: ${JSON.stringify(body)}`, () => {
      if (!body.includes('|int')) renderBody(body.replaceAll('X', X), "it's $(x) a[`y`]");

      expect(findings(body)).not.to.include.members(['may-be-evaluated']);
      expect(findings(body)).not.to.include.members(['may-be-read-again']);
    });
  }
});
