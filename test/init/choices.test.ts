// What init asks and chooses: what a site leaves open and nobody typed, five things at most, each with the reason for the choice.
import { expect } from 'chai';
import { choose, type Choices, type Question, type TypedChoices } from '../../src/init/choices.ts';
import { askUser } from '../../src/init/write-site.ts';
import type { Site } from '../../src/init/site.ts';
import { unavailable } from '../../src/doctor/result.ts';
import { rejection } from '../support/rejection.ts';
import { GPU, SITE, withPartition, withSurvey } from './a-site.ts';

const NOTHING_TYPED: TypedChoices = {
  queue: undefined,
  partition: undefined,
  account: undefined,
  containers: undefined,
  'shared-dir': undefined,
};

const CPU = { ...GPU, name: 'cpu', isDefault: false };
const OTHERS = {
  ...GPU,
  name: 'others',
  isDefault: false,
  closedBecause: 'accepts none of your accounts',
  entrances: [],
};
const RICH: Site = {
  ...withSurvey({ containers: 'apptainer', homeFileSystem: 'nfs' }),
  partitions: [GPU, CPU, OTHERS],
  hasPyxis: true,
};

function usual(site: Site, typed: Partial<TypedChoices> = {}): Promise<Choices> {
  return choose(site, { ...NOTHING_TYPED, ...typed }, askUser(undefined));
}

async function asked(site: Site, typed: Partial<TypedChoices> = {}): Promise<Question[]> {
  const questions: Question[] = [];
  await choose(site, { ...NOTHING_TYPED, ...typed }, (question) => {
    questions.push(question);
    return Promise.resolve(question.usual);
  });
  return questions;
}

describe('init asks', () => {
  it('five things where everything is open', async () => {
    const questions = await asked(RICH);

    expect(questions.map(({ answers, usual: answer }) => [answers, answer])).to.deep.equal([
      [undefined, 'default'],
      [['gpu', 'cpu'], 'gpu'],
      [['lab', 'course'], 'lab'],
      [['none', 'apptainer', 'pyxis'], 'none'],
      [undefined, '/home/ada/.clearml-slurm'],
    ]);
    expect(questions[1]?.asks).to.include('others accepts none of your accounts');
  });

  it('nothing that was typed, and nothing that leaves no choice', async () => {
    const lonely = withPartition({ entrances: [{ account: 'lab', isDefault: true, qos: undefined }] });

    expect(await asked(lonely, { queue: 'gpu', 'shared-dir': 'none' })).to.deep.equal([]);
  });

  it('again when the answer is none of those that there are, and takes the usual for an empty line', async () => {
    const lines = ['', 'cup', 'cpu', '', '', ''];
    const shown: string[] = [];
    const put = (text: string): Promise<string> => {
      shown.push(text);
      return Promise.resolve(lines.shift() ?? 'too many questions');
    };

    const { queue, partition, entrance } = await choose(RICH, NOTHING_TYPED, askUser(put));

    expect(queue.value).to.equal('default');
    expect(partition.value.name).to.equal('cpu');
    expect(partition.why).to.equal('As you answered. Others: gpu.');
    expect(entrance?.value.account).to.equal('lab');
    expect(shown[1]).to.match(/^In which partition [^]*\n {2}one of gpu, cpu \[gpu\] $/);
    expect(shown[2]).to.match(/^"cup" is none of them\. Did you mean "cpu"\?\nIn which/);
  });
});

describe('init chooses', () => {
  it('what is usual, and says why', async () => {
    const { queue, partition, entrance, containers, sharedDir } = await usual(RICH);

    expect(queue).to.deep.equal({ value: 'default', why: 'It is on https://api.example.org, beside gpu.' });
    expect(partition.why).to.equal('The default partition, says sinfo. Others: cpu.');
    expect(entrance?.why).to.equal('Your default account, says sacctmgr. Others of yours: course.');
    expect(containers.value).to.equal('none');
    expect(sharedDir).to.deep.equal({
      value: '/home/ada/.clearml-slurm',
      why: 'The home folder is on nfs, says stat, which nodes usually see too.',
    });
  });

  it('no shared folder where the home folder is of this machine alone', async () => {
    expect((await usual(SITE)).sharedDir).to.deep.equal({
      value: undefined,
      why: 'The home folder is on ext2/ext3, says stat: nodes need not see it.',
    });
  });

  it('the first partition that takes the jobs of this user, where the default one does not', async () => {
    const { partition } = await usual({ ...SITE, partitions: [{ ...OTHERS, isDefault: true }, CPU] });

    expect(partition.value.name).to.equal('cpu');
    expect(partition.why).to.match(/^The first partition that takes your jobs/);
  });

  it('what was typed', async () => {
    const typed = {
      queue: 'night',
      partition: 'cpu',
      account: 'course',
      containers: 'pyxis',
      'shared-dir': '/scratch/x',
    };
    const { queue, partition, entrance, containers, sharedDir } = await usual(RICH, typed);

    expect(queue.why).to.equal(
      'As you typed it. https://api.example.org has no such queue yet: make it there, or start once with --create-queue.',
    );
    expect([partition.value.name, entrance?.value.account, containers.value, sharedDir.value]).to.deep.equal([
      'cpu',
      'course',
      'pyxis',
      '/scratch/x',
    ]);
  });

  it('an account that was typed where accounting knows of none, and no account otherwise', async () => {
    const site = withPartition({ entrances: [] });

    expect((await usual(site, { account: 'lab' })).entrance?.value.account).to.equal('lab');
    expect((await usual(site)).entrance).to.equal(undefined);
    expect(String(await rejection(usual(site, { account: 'a b' })))).to.match(/--account needs the name of an account/);
  });

  it('the queue called default where the server could not be asked, and says so', async () => {
    const { queue } = await usual({ ...SITE, server: unavailable('no usable response from http://x') });

    expect(queue).to.deep.equal({ value: 'default', why: 'Not looked for: no usable response from http://x.' });
  });

  for (const [typed, sentence] of [
    [{ partition: 'gpus' }, '--partition can not be "gpus" here. Did you mean "gpu"?'],
    [{ partition: 'others' }, '--partition can not be "others" now: others accepts none of your accounts.'],
    [{ account: 'nobody' }, '--account can not be "nobody" here. There is lab, course.'],
    [{ containers: 'docker' }, '--containers can not be "docker" here. There is none, apptainer, pyxis.'],
    [{ 'shared-dir': 'scratch' }, '--shared-dir needs a whole path, /…, or none, not "scratch".'],
  ] as const) {
    it(`nothing for ${Object.entries(typed).join()}, but says: ${sentence}`, async () => {
      expect(String(await rejection(usual(RICH, typed)))).to.include(sentence);
    });
  }

  it('nothing where no partition takes jobs of this user, and says of each why', async () => {
    const shut: Site = { ...SITE, partitions: [OTHERS, { ...CPU, closedBecause: 'is not up' }] };

    expect(String(await rejection(usual(shut)))).to.include(
      'No partition of this cluster takes jobs of yours now (others accepts none of your accounts; cpu is not up).',
    );
  });
});
