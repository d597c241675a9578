// Whether the user and the project of a task are read for a template.
import { expect } from 'chai';
import { usesOfUserAndProject } from '../../src/assembly/read-queue-templates.ts';
import { PLAIN_NAMES, TREE_NAMES } from '../../src/sbatch-template/placeholders/variables.ts';

const USER = { usesUser: true, usesProject: false };
const PROJECT = { usesUser: false, usesProject: true };
const NEITHER = { usesUser: false, usesProject: false };

describe('a template', () => {
  for (const [what, expected, text] of [
    ["the task's user", USER, '#SBATCH --comment=${CLEARML_USER.name}'],
    ["the task's user", USER, 'echo "$<CLEARML_USER.name:nobody|int>"'],
    ["the task's project", PROJECT, '#SBATCH --account=${CLEARML_PROJECT_NAME}'],
    ["the task's project", PROJECT, 'cd /data/${CLEARML_TASK.project.name}'],
    ["the task's project", PROJECT, 'echo ${CLEARML_TASK.project}'],
    [
      'neither user nor project of the task',
      NEITHER,
      '#SBATCH --time=${CLEARML_TASK.hyperparams.properties.time.value}\n${CLEARML_AGENT_EXECUTE}',
    ],
  ] as const)
    it(`makes the daemon read ${what} if the template contains ${JSON.stringify(text)}`, () => {
      expect(usesOfUserAndProject(text)).to.deep.equal(expected);
    });

  it('makes the daemon read user or project only for CLEARML_USER, CLEARML_PROJECT_NAME and CLEARML_PROJECT_ID', () => {
    const known = [...PLAIN_NAMES, ...TREE_NAMES].filter((name) => {
      const { usesUser, usesProject } = usesOfUserAndProject(name);
      return usesUser || usesProject;
    });
    expect(known).to.have.members(['CLEARML_PROJECT_NAME', 'CLEARML_PROJECT_ID', 'CLEARML_USER']);
  });
});
