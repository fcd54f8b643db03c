/** Entry of the process that trains; see train-in-child.ts. */
import { fitProfile } from '../fit-profile.ts';
import { serveTraining } from './training-side.ts';

serveTraining(fitProfile);
