// What a task's value may hold in an option of Pyxis, however the template writes that option: Pyxis makes a line of a script of it.
import { expect } from 'chai';
import { problemOf, property, renderBody, withDirectives, withProperties, noBlocks } from '../filled-in.ts';
import { parseTemplate } from '../../../src/template/parse-template.ts';

const X = property('x');
const HOSTILE = ['/a:/b$(id)', '/a:/b`id`', '/a "b', '/a;id', '/a\\b'];

/** Each gives the value of the blank X to Pyxis. */
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

/** Each gives it to something else. */
const NOT_GIVEN: readonly string[] = [
  'srun --container-mount-home echo X',
  'srun --container-mount-home \\\n  X',
  'srun --container-image=ubuntu \\\n  --container-mount-home \\\n  python x.py --name X',
  'm=X; srun --container-image=ubuntu echo; echo "$m"',
  'srun --container-image=ubuntu true\necho X',
  'srun --container-image=ubuntu python train.py X',
];

describe('a value in an option of Pyxis', () => {
  for (const body of GIVEN) {
    it(`is plain, or fails the task: ${JSON.stringify(body)}`, () => {
      renderBody(body.replaceAll('X', X), '/data/a:/b');
      for (const value of HOSTILE) {
        const problem = problemOf(() => renderBody(body.replaceAll('X', X), value));
        expect(problem?.finding, value).to.match(/for --container-|code a second time/);
      }
    });
  }

  for (const written of ['--container-mounts=X', '--container-mounts "/a:/a X"', "--cont'ainer'-mounts=X"]) {
    it(`is plain in a directive, or fails the task: ${written}`, () => {
      const template = parseTemplate(withDirectives(`#SBATCH ${written.replace('X', X)}`), 't');
      for (const value of HOSTILE) {
        const problem = problemOf(() => template.render(withProperties({ x: value }), noBlocks));
        expect(problem?.finding, value).to.match(/for --container-/);
      }
    });
  }

  for (const body of NOT_GIVEN) {
    it(`is anything elsewhere: ${JSON.stringify(body)}`, () => {
      for (const value of HOSTILE) renderBody(body.replaceAll('X', X), value);
    });
  }
});
