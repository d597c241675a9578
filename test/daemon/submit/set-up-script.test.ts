// A set-up script, a variable or an image name of a container that no job can pass on: its task fails with the reason.
import { expect } from 'chai';
import { prepare } from '../../../src/daemon/submit/submit-parked-task.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { entryOf } from '../decide/observations.ts';
import { createStepFixture } from '../step-fixture.ts';

describe('a parked task', () => {
  for (const [what, container, reason] of [
    [
      "the container's set-up script has a NUL character",
      { setup_shell_script: 'echo a\0b' },
      'the set-up script of the container has a NUL character: remove it',
    ],
    [
      "the container's set-up script has 150 KB",
      { setup_shell_script: `echo ${'x'.repeat(150_000)}` },
      'the set-up script of the container has 150005 bytes, and at most 130000 reach the container: put its files into the image or the repository',
    ],
    [
      'the job encodes a variable of the container as 150 KB',
      { arguments: `-e A=${'%'.repeat(50_000)}` },
      'the variable A has 150001 bytes, and at most 130000 reach the container: put the value into a file',
    ],
    [
      'the name of the container image has 150 KB',
      { image: `/images/${'x'.repeat(150_000)}` },
      'the name of the container image has 150008 bytes, and at most 4096 are possible: correct it',
    ],
  ] as const)
    it(`fails before its submission, and shows the reason, if ${what}`, async () => {
      const { deps } = createStepFixture();
      const none = { imageDir: undefined, imageCacheDir: undefined, forcePull: false, ssh: false };
      const containers = { image: 'an_image', arguments: '', extraArguments: '', setUpLines: [], mounts: [], ...none };
      const fixture = createStepFixture({
        job: { ...deps.job, containers, singularityMode: true },
        queues: deps.queues.map((queue) => ({
          ...queue,
          template: { ...queue.template, agent: { ...queue.template.agent, command: ['singularity', 'exec'] } },
        })),
      });
      const task = await fixture.parked(1);
      const read = await fixture.deps.clearml.tasks.get(task);
      const [queue] = fixture.deps.queues;
      if (read === undefined || queue === undefined) throw new Error('nothing to submit');
      const entry = entryOf({ task, queue: OWN_QUEUE, queueName: 'own', step: 'parking', jobId: undefined });

      const made = await prepare(fixture.deps, entry, {
        queue,
        read: { ...read, document: { ...read.document, container } },
      });

      expect(made).to.equal(undefined);
      expect(await fixture.read(task)).to.include({ status: 'failed', statusReason: 'template' });
      expect(fixture.consoleOf(task).join().replaceAll(/\s+/g, ' ')).to.include(reason);
      expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([]);
    });
});
