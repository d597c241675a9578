// Whether the user and the project of a task are read for a template.
import { expect } from 'chai';
import { mayUsePeople } from '../../src/assembly/read-queue-templates.ts';
import { PLAIN_NAMES, TREE_NAMES } from '../../src/sbatch-template/placeholders/variables.ts';

const NEITHER = { usesUser: false, usesProject: false };

describe('mayUsePeople', () => {
  for (const [text, expected] of [
    ['#SBATCH --comment=${CLEARML_USER.name}', { usesUser: true, usesProject: false }],
    ['echo "$<CLEARML_USER.name:nobody|int>"', { usesUser: true, usesProject: false }],
    ['#SBATCH --account=${CLEARML_PROJECT_NAME}', { usesUser: false, usesProject: true }],
    ['cd /data/${CLEARML_TASK.project.name}', { usesUser: false, usesProject: true }],
    ['echo ${CLEARML_TASK.project}', { usesUser: false, usesProject: true }],
    ['#SBATCH --time=${CLEARML_TASK.hyperparams.properties.time.value}\n${CLEARML_AGENT_EXECUTE}', NEITHER],
  ] as const)
    it(`returns ${JSON.stringify(expected)} for ${JSON.stringify(text)}`, () => {
      expect(mayUsePeople(text)).to.deep.equal(expected);
    });

  it('recognizes the variables that come from the user or the project', () => {
    const known = [...PLAIN_NAMES, ...TREE_NAMES].filter((name) => {
      const { usesUser, usesProject } = mayUsePeople(name);
      return usesUser || usesProject;
    });
    expect(known).to.have.members(['CLEARML_PROJECT_NAME', 'CLEARML_PROJECT_ID', 'CLEARML_USER']);
  });
});
