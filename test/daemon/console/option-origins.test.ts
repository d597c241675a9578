// Tests that advice that names an option shows where the template sets it.
import { expect } from 'chai';
import type { QueueId } from '../../../src/clearml/ids.ts';
import type { ServedQueue } from '../../../src/daemon/deps.ts';
import { withOptionOrigins, withOptionOriginsOf } from '../../../src/daemon/console/option-origins.ts';
import { parseLeniently } from '../../../src/sbatch-template/parse-template.ts';
import { inspectTemplate, type OptionLocation } from '../../../src/sbatch-template/inspect-template.ts';

function locateOptions(file: string, text: string): ReadonlyMap<string, OptionLocation> {
  return inspectTemplate(parseLeniently(file, text)).optionLocations;
}

const PLACES = locateOptions(
  'gpu.template',
  `#!/bin/bash
#SBATCH --time=\${CLEARML_TASK.hyperparams.properties.walltime.value:01:00:00}
#SBATCH -p gpu --mem \${CLEARML_TASK.hyperparams.properties.memory.value:1}\${CLEARML_TASK.hyperparams.properties.unit.value:G}
#SBATCH --mem=2G
#SBATCH --gres=gpu:\${CLEARML_TASK.hyperparams.Slurm.gpus.value:1}
\${CLEARML_PRE_SETUP}
\${CLEARML_AGENT_EXECUTE}
\${CLEARML_POST_SETUP}
`,
);

describe('advice about an sbatch option', () => {
  for (const [text, behind] of [
    ['Lower --time.', ' --time is set by the user property "walltime" (gpu.template, line 2).'],
    ['Choose another --partition.', ' --partition is set in gpu.template, line 3.'],
    ['Raise --mem.', ' --mem is set in gpu.template, line 4.'],
    ['Change --gres.', ' --gres is set by the user property "gpus" (gpu.template, line 5).'],
    ['Raise --time or --time.', ' --time is set by the user property "walltime" (gpu.template, line 2).'],
    ['Change --qos.', ''],
    ['Ask the cluster admins.', ''],
  ] as const) {
    it(`${behind === '' ? 'stays unchanged if it names no option that the template sets' : 'is followed by the template line that sets the option'}: "${text}"`, () => {
      expect(withOptionOrigins(text, PLACES)).to.equal(text + behind);
    });
  }

  it('names both user properties that together form the value of --mem', () => {
    const places = locateOptions(
      't',
      '#!/bin/bash\n#SBATCH --mem=${CLEARML_TASK.hyperparams.properties.a.value:1}${CLEARML_TASK.hyperparams.properties.b.value:G}\n',
    );

    expect(withOptionOrigins('Raise --mem.', places)).to.equal(
      'Raise --mem. --mem is set by the user properties "a" and "b" (t, line 2).',
    );
  });

  it('stays unchanged if the template is unknown', () => {
    expect(withOptionOrigins('Lower --time.', undefined)).to.equal('Lower --time.');
  });

  it('names no template line if the template has changed since the submission of the job', () => {
    const queue = 'q' as QueueId;
    const served = { id: queue, name: 'gpu', optionLocations: PLACES, templateMark: 'new' } as unknown as ServedQueue;
    const adviceFor = (templateMark: string | undefined): string =>
      withOptionOriginsOf({ queues: [served] }, { queue, templateMark }, 'Lower --time.');

    expect(adviceFor('old')).to.equal('Lower --time.');
    expect(adviceFor('new')).to.include('--time is set');
    expect(adviceFor(undefined)).to.include('--time is set');
  });
});
