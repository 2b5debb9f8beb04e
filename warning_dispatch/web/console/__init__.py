"""值班台: the pages at which the officers of the bureau watch and handle a storm."""
