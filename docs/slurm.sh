#!/bin/sh
# A sweep over many machines: sbatch docs/slurm.sh grid.yaml results/
# Requeued or sent again after it was cut short, it goes on with what is there.
#SBATCH --job-name=trainbudget
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=64
#SBATCH --cpus-per-task=1
#SBATCH --time=02:00:00
#SBATCH --requeue
set -eu
grid=${1:?usage: sbatch slurm.sh GRID.yaml RESULTS/}
results=${2:?usage: sbatch slurm.sh GRID.yaml RESULTS/}

# Slurm starts the ranks where it was built with PMI-x; else mpirun asks Slurm where they go.
if srun --mpi=list 2>&1 | grep -q pmix; then
  exec srun --mpi=pmix trainbudget-mpi whatif "$grid" --out "$results" --resume
fi
exec mpirun trainbudget-mpi whatif "$grid" --out "$results" --resume
