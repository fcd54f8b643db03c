/** Trains one autoencoder of default layers on made-up rows, for as many epochs as are claimed. Its time is measured from outside. */
import { Random, trainAutoencoder } from '../../main/engine/models/index.ts';

const [rows = 0, columns = 0, epochs = 0] = process.argv.slice(2).map(Number);
const random = new Random(1);
const data = new Float64Array(rows * columns).map(() => random.normal());
// Patience for all of them: ending early would measure less than is claimed.
const model = await trainAutoencoder({ rows, columns, data }, { epochs, patience: epochs });
process.stdout.write(`${model.loss}\n`);
