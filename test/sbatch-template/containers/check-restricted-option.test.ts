// Values of a task in options of Pyxis, and in lists of mounts and variables, however the template writes the option.
// cspell:ignore sshfs ossh OVERLAYIMAGE
import { expect } from 'chai';
import { errorOf, property, renderBody, withDirectives, withProperties, noBlocks } from '../template-fixtures.ts';
import { parseTemplate } from '../../../src/sbatch-template/parse-template.ts';

const X = property('x');
const HOSTILE = ['/a:/b$(id)', '/a:/b`id`', '/a "b', '/a;id', '/a\\b'];

/** Each passes the value of the placeholder X to Pyxis. */
const GIVEN: readonly string[] = [
  'srun --container-mounts=X true',
  'srun --container-mounts X true',
  'srun --container-mounts="/a:/a,X" true',
  'srun --container-mounts \\\n  X true',
  'srun --container-mounts=\\\n  X true',
  'srun --container-mounts=/a:/a,\\\nX true',
  'srun --container-mounts="/a:/a,\nX" true',
  'srun "--container-mounts" X true',
  'srun --cont"ainer-mo"unts=X true',
  'srun --container-mou=X true',
  'srun --container-env \\\n"X" true',
  'srun --container-name --container-mounts X true',
  'm=X; srun --container-mounts="$m" true',
  'm=X; srun --container-mounts "/a:/a,$m" true',
  'm=X; n=$m:$m; srun --container-mounts \\\n  "$n" true',
  'OPTIONS="--container-mounts=X"; srun $OPTIONS true',
  'm=X; OPTIONS="--container-mounts=$m"; srun $OPTIONS true',
  'm=X; a=(--container-mounts "$m"); srun "${a[@]}" true',
  'a=(\n  --container-mounts\n  "X"\n); srun "${a[@]}" true',
  'a=(--container-image x); a+=("--container-mounts=X"); srun "${a[@]}" true',
  'run() { srun --container-mounts="$1" true; }\nrun X',
  'run() { srun "$@" true; }\nrun --container-mounts X',
  'read -r m <<< X; srun --container-mounts="$m" true',
  'export m=X; bash -c \'srun --container-mounts="$m" true\'',
];

/** Each passes X to something else. */
const NOT_GIVEN: readonly string[] = [
  'srun --container-mount-home echo X',
  'srun --container-mount-home \\\n  X',
  'srun --container-image=ubuntu \\\n  --container-mount-home \\\n  python x.py --name X',
  'm=X; srun --container-image=ubuntu echo; echo "$m"',
  'srun --container-image=ubuntu true\necho X',
  'srun --container-image=ubuntu python train.py X',
];

describe('the template renderer (X is the value of a user property)', () => {
  for (const body of GIVEN) {
    it(`rejects shell characters in X if the template contains: ${body.replaceAll('\n', ' ⏎ ')}`, () => {
      renderBody(body.replaceAll('X', X), 'data/a');
      for (const value of HOSTILE) {
        const problem = errorOf(() => renderBody(body.replaceAll('X', X), value));
        expect(problem?.finding, value).to.match(/for --container-|code a second time/);
      }
    });
  }

  for (const written of ['--container-mounts=X', '--container-mounts "/a:/a X"', "--cont'ainer'-mounts=X"]) {
    it(`rejects shell characters in X if the template contains: #SBATCH ${written}`, () => {
      const template = parseTemplate(withDirectives(`#SBATCH ${written.replace('X', X)}`), 't');
      for (const value of HOSTILE) {
        const problem = errorOf(() => template.render(withProperties({ x: value }), noBlocks));
        expect(problem?.finding, value).to.match(/for --container-/);
      }
    });
  }

  for (const body of NOT_GIVEN) {
    it(`accepts shell characters in X if the template contains: ${body.replaceAll('\n', ' ⏎ ')}`, () => {
      for (const value of HOSTILE) renderBody(body.replaceAll('X', X), value);
    });
  }
});

/** Each puts the value of X into a mount. */
const MOUNTED: readonly string[] = [
  'srun --container-mounts=/scratch/X:/data true',
  'srun --container-mounts /a:/a,/scratch/X true',
  'srun --container-mounts=X true',
  'm=X; srun --container-mounts="/scratch/$m:/data" true',
  'singularity exec --bind /scratch/X:/data i.sif true',
  'srun apptainer exec -B /scratch/X:/data i.sif true',
  'apptainer exec -B/scratch/X:/data i.sif true',
  'apptainer exec --mount type=bind,src=/scratch/X,dst=/data i.sif true',
  'm=X; apptainer exec --bind "/scratch/$m:/data" i.sif true',
  'b=(--bind "/scratch/X:/data"); apptainer exec "${b[@]}" i.sif true',
  'export APPTAINER_BIND=/scratch/X; apptainer exec i.sif true',
  'SINGULARITY_BINDPATH="/a:/a,/scratch/X" singularity exec i.sif true',
  'm=X; export SINGULARITY_BIND="/scratch/$m:/data"; singularity exec i.sif true',
  'APPTAINER_MOUNT=type=bind,src=/scratch/X,dst=/data apptainer exec i.sif true',
  'singularity exec --home /scratch/X:/home/ann i.sif true',
  'srun -o log apptainer exec -H /scratch/X i.sif true',
  'apptainer exec --home=/scratch/X i.sif true',
  'apptainer exec --no-mount tmp --workdir /scratch/X i.sif true',
  'apptainer exec -W/scratch/X i.sif true',
  'apptainer exec --overlay /scratch/X i.sif true',
  'apptainer exec -o /scratch/X i.sif true',
  'apptainer exec --fusemount "host:sshfs files:/X /data" i.sif true',
  'apptainer exec --scratch /X i.sif true',
  'apptainer exec -S /X i.sif true',
  'm=X; apptainer exec --home "/scratch/$m" i.sif true',
  'b=(--overlay "/scratch/X"); apptainer exec "${b[@]}" i.sif true',
  'export APPTAINER_HOME=/scratch/X; apptainer exec i.sif true',
  'APPTAINER_WORKDIR=/scratch/X apptainer exec i.sif true',
  'APPTAINER_OVERLAYIMAGE=/scratch/X apptainer exec i.sif true',
  'SINGULARITY_SCRATCH=/X singularity exec i.sif true',
  'docker run -v /scratch/X:/data image true',
  'srun docker run --rm -it -v/scratch/X:/data image true',
  'docker run -itv /scratch/X:/data image true',
  'docker container run --volume=/scratch/X:/data image true',
  'podman run --gpus all --volume /scratch/X:/data image true',
  'docker run --mount type=bind,src=/scratch/X,dst=/data image true',
  'm=X; podman run -v "/scratch/$m:/data" image true',
  'b=(--volume "/scratch/X:/data"); docker run "${b[@]}" image true',
  'run() { apptainer exec "$@"; }; run --bind=/scratch/X i.sif true',
  '$RUNTIME exec --bind=/scratch/X i.sif true # apptainer',
];

/** Each puts it into the value of a variable. */
const EXPORTED: readonly string[] = [
  'srun --export=ALL,N=X true',
  'srun --export="ALL,N=X" true',
  'srun --export ALL,N=X true',
  'n=X; srun --export="ALL,N=$n" true',
  'o="--export=ALL,N=X"; srun $o true',
  'singularity exec --env N=X i.sif true',
  'n=X; apptainer exec --env "N=$n" i.sif true',
  'export APPTAINER_ENV=N=X; apptainer exec i.sif true',
  'export SRUN_EXPORT_ENV=ALL,N=X; srun true',
  'n=X; SBATCH_EXPORT="ALL,N=$n" sbatch job.sh',
];

describe('the template renderer (X is the value of a user property)', () => {
  for (const body of MOUNTED)
    it(`accepts only a subdirectory as X if the template contains: ${body}`, () => {
      renderBody(body.replaceAll('X', X), 'ann/set-1');
      for (const value of ['x:/data,/etc:/host', '../etc', 'a/../../etc', '/etc', 'a,b', 'a:ro', 'a\\,b'])
        expect(
          errorOf(() => renderBody(body.replaceAll('X', X), value)),
          value,
        ).not.to.equal(undefined);
    });

  for (const [body, value] of [
    ['srun --container-mounts=/scratch/.X:/data true', '.'],
    ['srun --container-mounts=/scratch/.X:/data true', './etc'],
    ['srun --container-mounts=/scratch/X./etc:/data true', 'a/.'],
    ['m=X; singularity exec --bind "/scratch/.$m:/data" i.sif true', './etc'],
  ] as const)
    it(`rejects X="${value}", which would mount another directory: ${body}`, () => {
      renderBody(body.replaceAll('X', X), 'a.b/.c.d');
      expect(errorOf(() => renderBody(body.replaceAll('X', X), value))).not.to.equal(undefined);
    });

  for (const body of EXPORTED)
    it(`rejects an X that would set a second environment variable: ${body}`, () => {
      renderBody(body.replaceAll(/\bX\b/g, X), 'a=b');
      for (const value of ['1,BASH_ENV=/tmp/x', '1,BASH_FUNC_ls%%=() { id; }', '1,LD_PRELOAD'])
        expect(
          errorOf(() => renderBody(body.replaceAll(/\bX\b/g, X), value)),
          value,
        ).not.to.equal(undefined);
    });

  for (const body of [
    'srun --export=ALL,N=X,M=1 true',
    'srun --export="N=X a,M=1" true',
    'n=X; srun --export="N=$n" true',
  ])
    it(`rejects a single quote in X if the template contains: ${body}`, () => {
      expect(errorOf(() => renderBody(body.replaceAll('X', X), "it's"))).not.to.equal(undefined);
    });

  it('accepts a single quote in X if X is the value of the last variable in --export', () => {
    renderBody(`srun --export=ALL,N=${X} true`, "it's");
  });

  for (const body of [
    'singularity exec --env N=X i.sif true',
    'srun apptainer exec --env "N=X" i.sif true',
    'n=X; apptainer exec --env "N=$n" i.sif true',
    'export APPTAINERENV_N=X; apptainer exec i.sif true',
    'SINGULARITYENV_N="X" singularity exec i.sif true',
    'n=X; export SINGULARITYENV_N="$n"; singularity exec i.sif true',
    'srun --export=ALL,APPTAINERENV_N=X apptainer exec i.sif true',
  ])
    it(`rejects X="$(id)" because Singularity would evaluate X: ${body}`, () => {
      renderBody(body.replaceAll('X', X), 'a/b_c-1');
      for (const value of ['$(id)', '`id`', '$HOME', 'a\\b'])
        expect(
          errorOf(() => renderBody(body.replaceAll('X', X), value)),
          value,
        ).not.to.equal(undefined);
    });

  it('accepts "$5" in X if singularity exec has the option --no-eval', () => {
    renderBody(`singularity exec --no-eval --env N=${X} i.sif true`, "it's $5");
  });

  for (const [written, good, bad] of [
    ['--export=ALL,APPTAINERENV_N=X', 'a', '$(id)'],
    ['--export=ALL,N=X,M=1', 'a', "it's"],
    ['--export=ALL,N=X', 'a=b', '1,BASH_ENV=/tmp/x'],
    ['--export=X', 'HOME', 'BASH_ENV=/tmp/x'],
    ['--container-mounts=/scratch/X:/data', 'ann', 'x:/data,/etc:/host'],
  ] as const)
    it(`rejects X="${bad}" if the template contains: #SBATCH ${written}`, () => {
      const template = parseTemplate(withDirectives(`#SBATCH ${written.replace('X', X)}`), 't');
      template.render(withProperties({ x: good }), noBlocks);
      expect(errorOf(() => template.render(withProperties({ x: bad }), noBlocks))).not.to.equal(undefined);
    });

  it('accepts any directory as the default in a placeholder', () => {
    const body = 'srun --container-mounts=${CLEARML_TASK.hyperparams.properties.other.value:/data}:/data true';
    renderBody(body, 'unused');
  });

  for (const body of [
    'apptainer exec --fusemount "host:sshfs X files:/ /data" i.sif true',
    'm=X; apptainer exec --fusemount "host:sshfs $m files:/ /data" i.sif true',
  ])
    it(`rejects an sshfs option as X if the template contains: ${body}`, () => {
      renderBody(body.replaceAll('X', X), 'a');
      expect(errorOf(() => renderBody(body.replaceAll('X', X), '-ossh_command=reboot'))).not.to.equal(undefined);
    });

  for (const body of [
    'python train.py --env X --bind X',
    'srun --exclusive python train.py --mount X',
    'echo -B X',
    'singularity exec i.sif true; python train.py --env=X --bind=X',
    'singularity exec i.sif true; v=X; python train.py --env="$v" --bind="$v"',
    'singularity exec i.sif true; srun $OPTIONS python train.py --env=X --workdir=X',
    'singularity exec i.sif true; gunicorn --bind=X app',
    'singularity exec --nv -B /data i.sif python train.py --env=X --bind X --home X -o X -S X',
    'srun -o X -S X -H X singularity exec i.sif true',
    'docker run --rm -v /data:/data image ./train -v X --mount X --volume=X',
    'singularity exec docker://image true; v=X; a=(--volume "$v"); ./train "${a[@]}"',
  ])
    it(`accepts any X outside the options of a container program: ${body}`, () => {
      renderBody(body.replaceAll('X', X), '/a:/b,c');
    });
});
