-- Why a line of a work list is incomplete: sectors of which a member took no part, and touch groups of the model for
-- which the fall-back was used, by name, separated by spaces. Lists of older versions do not say.
ALTER TABLE worklist ADD COLUMN missing TEXT NOT NULL DEFAULT '';
ALTER TABLE worklist ADD COLUMN fell_back TEXT NOT NULL DEFAULT '';
