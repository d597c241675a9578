// The questions and choices of init: at most five questions, and a reason for each choice.
import { expect } from 'chai';
import { choose, type Choices, type Question, type TypedChoices } from '../../src/init/choose-settings.ts';
import { askUser } from '../../src/init/write-first-files.ts';
import type { Site } from '../../src/init/probe-site.ts';
import { unavailable } from '../../src/doctor/check-result.ts';
import { rejection } from '../support/rejection.ts';
import { GPU_PARTITION, NOTHING_TYPED, SITE, withPartition, withShellFacts } from './site-fixture.ts';

const CPU = { ...GPU_PARTITION, name: 'cpu', isDefault: false };
const OTHERS = {
  ...GPU_PARTITION,
  name: 'others',
  isDefault: false,
  closedBecause: 'accepts none of your accounts',
  entrances: [],
};
const RICH: Site = {
  ...withShellFacts({ containers: 'apptainer', homeFileSystem: 'nfs' }),
  partitions: [GPU_PARTITION, CPU, OTHERS],
  hasPyxis: true,
};

function defaultChoices(site: Site, typed: Partial<TypedChoices> = {}): Promise<Choices> {
  return choose(site, { ...NOTHING_TYPED, ...typed }, askUser(undefined));
}

async function questionsFor(site: Site, typed: Partial<TypedChoices> = {}): Promise<Question[]> {
  const questions: Question[] = [];
  await choose(site, { ...NOTHING_TYPED, ...typed }, (question) => {
    questions.push(question);
    return Promise.resolve(question.usual);
  });
  return questions;
}

describe('init at a terminal', () => {
  it('asks for the queue, partition, account, containers and shared directory', async () => {
    const questions = await questionsFor(RICH);

    expect(questions.map(({ answers, usual }) => [answers, usual])).to.deep.equal([
      [undefined, 'default'],
      [['gpu', 'cpu'], 'gpu'],
      [['lab', 'course'], 'lab'],
      [['none', 'apptainer', 'pyxis'], 'none'],
      [undefined, '/home/ada/.clearml-slurm'],
    ]);
    expect(questions[1]?.asks).to.include('others accepts none of your accounts');
  });

  it('skips questions that the command line answers, or that have only one answer', async () => {
    const lonely = withPartition({ entrances: [{ account: 'lab', isDefault: true, qos: undefined }] });

    expect(await questionsFor(lonely, { queue: 'gpu', 'shared-dir': 'none' })).to.deep.equal([]);
  });

  it('asks again after an unknown answer, and uses the default for an empty line', async () => {
    const lines = ['', 'cup', 'cpu', '', '', ''];
    const shown: string[] = [];
    const put = (text: string): Promise<string> => {
      shown.push(text);
      return Promise.resolve(lines.shift() ?? 'too many questions');
    };

    const { queue, partition, entrance } = await choose(RICH, NOTHING_TYPED, askUser(put));

    expect(queue.value).to.equal('default');
    expect(partition.value.name).to.equal('cpu');
    expect(partition.why).to.equal('You chose it. Others: gpu.');
    expect(entrance?.value.account).to.equal('lab');
    expect(shown[1]).to.match(/^In which partition [^]*\n {2}one of gpu, cpu \[gpu\] $/);
    expect(shown[2]).to.match(/^"cup" is not one of the choices\. Did you mean "cpu"\?\nIn which/);
  });
});

describe('init without a terminal', () => {
  it('chooses a default for each setting, and gives the reason', async () => {
    const { queue, partition, entrance, containers, sharedDir } = await defaultChoices(RICH);

    expect(queue).to.deep.equal({
      value: 'default',
      why: 'The queue exists on https://api.example.org; other queues there: gpu.',
    });
    expect(partition.why).to.equal('The default partition (sinfo). Others: cpu.');
    expect(entrance?.why).to.equal('Your default account (sacctmgr). Your other accounts: course.');
    expect(containers.value).to.equal('none');
    expect(sharedDir).to.deep.equal({
      value: '/home/ada/.clearml-slurm',
      why: 'The home directory is on nfs (stat), which the nodes usually share.',
    });
  });

  it('chooses no shared directory if the home directory is on a local file system', async () => {
    expect((await defaultChoices(SITE)).sharedDir).to.deep.equal({
      value: undefined,
      why: 'The home directory is on ext2/ext3 (stat); perhaps the nodes do not share it.',
    });
  });

  it("chooses the first partition that accepts the user's jobs if the default partition rejects them", async () => {
    const { partition } = await defaultChoices({ ...SITE, partitions: [{ ...OTHERS, isDefault: true }, CPU] });

    expect(partition.value.name).to.equal('cpu');
    expect(partition.why).to.match(/^The first partition that accepts your jobs/);
  });

  it('uses the queue, partition, account, containers and shared directory of the command line', async () => {
    const typed = {
      queue: 'night',
      partition: 'cpu',
      account: 'course',
      containers: 'pyxis',
      'shared-dir': '/scratch/x',
    };
    const { queue, partition, entrance, containers, sharedDir } = await defaultChoices(RICH, typed);

    expect(queue.why).to.equal(
      'You gave it on the command line. https://api.example.org has no such queue yet: create it in the web page, or start the daemon once with --create-queue.',
    );
    expect([partition.value.name, entrance?.value.account, containers.value, sharedDir.value]).to.deep.equal([
      'cpu',
      'course',
      'pyxis',
      '/scratch/x',
    ]);
  });

  it('chooses no account if neither accounting nor the command line names an account', async () => {
    const site = withPartition({ entrances: [] });

    expect((await defaultChoices(site, { account: 'lab' })).entrance?.value.account).to.equal('lab');
    expect((await defaultChoices(site)).entrance).to.equal(undefined);
    expect(String(await rejection(defaultChoices(site, { account: 'a b' })))).to.match(
      /--account must be an account name/,
    );
  });

  it('chooses the queue "default" and reports the failure if the server does not respond', async () => {
    const { queue } = await defaultChoices({ ...SITE, server: unavailable('no usable response from http://x') });

    expect(queue).to.deep.equal({ value: 'default', why: 'Not checked: no usable response from http://x.' });
  });

  for (const [typed, sentence] of [
    [{ partition: 'gpus' }, '--partition cannot be "gpus". Did you mean "gpu"?'],
    [{ partition: 'others' }, '--partition "others" cannot be used now: others accepts none of your accounts.'],
    [{ account: 'nobody' }, '--account cannot be "nobody". Use one of lab, course.'],
    [{ containers: 'docker' }, '--containers cannot be "docker". Use one of none, apptainer, pyxis.'],
    [{ 'shared-dir': 'scratch' }, '--shared-dir must be an absolute path or none, not "scratch".'],
  ] as const) {
    it(`rejects an invalid option with the message: ${sentence}`, async () => {
      expect(String(await rejection(defaultChoices(RICH, typed)))).to.include(sentence);
    });
  }

  it("stops with the reason for each partition if no partition accepts the user's jobs", async () => {
    const shut: Site = { ...SITE, partitions: [OTHERS, { ...CPU, closedBecause: 'is not up' }] };

    expect(String(await rejection(defaultChoices(shut)))).to.include(
      'No partition of this cluster accepts your jobs now (others accepts none of your accounts; cpu is not up).',
    );
  });
});
