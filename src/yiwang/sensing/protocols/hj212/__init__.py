"""HJ 212: data transmission of pollutant monitoring systems, in the editions of 2017 and 2025."""
